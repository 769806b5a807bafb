package document

import (
	"fmt"
	"regexp"
	"strings"
)

// yamlScalar returns s as a YAML scalar on one line of ASCII, in the style of the old server's PyYAML: plain if it cannot be
// misread, otherwise in single quotes, and in double quotes with escapes if a character is not printable ASCII. It differs
// from PyYAML for the sake of other parsers: a line break is "\n" in double quotes, nothing is folded at 80 columns, and
// text that any parser of YAML 1.1 or 1.2 would not read as text is quoted ("y", "1e3", "0o7").
func yamlScalar(s string) string {
	switch {
	case !printableASCII(s):
		return doubleQuoted(s)
	case isPlain(s):
		return s
	default:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// notText matches text that a parser resolves to another type: the implicit types of YAML 1.1 (with underscores, base 60,
// times) and of the YAML 1.2 core schema.
var notText = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`(?i:~|null|true|false|yes|no|on|off|y|n|<<|=)`,
	`[-+]?0(?i:x[0-9a-f_]+|o[0-7_]+|b[01_]+)`,
	`[-+]?(?:\.[0-9_]+|[0-9][0-9_,]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?`,
	`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?`,
	`[-+]?\.(?i:inf|nan)`,
	`[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]| +)[0-9]+:[0-9]+:[0-9]+.*)?`,
}, "|") + `)$`)

// isPlain reports whether printable ASCII needs no quotes in block style.
func isPlain(s string) bool {
	if s == "" || s != strings.TrimSpace(s) || notText.MatchString(s) {
		return false
	}
	if strings.ContainsRune("#,[]{}&*!|>'\"%@`", rune(s[0])) {
		return false
	}
	// "- x", "? x" and ": x" are structure, "-x" is not; "---" and "..." at
	// the margin end a document.
	if strings.ContainsRune("-?:", rune(s[0])) && (len(s) == 1 || s[1] == ' ') {
		return false
	}
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		return false
	}
	return !strings.Contains(s, ": ") && !strings.HasSuffix(s, ":") && !strings.Contains(s, " #")
}

func doubleQuoted(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteString(`\` + string(r))
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\r':
			out.WriteString(`\r`)
		case ' ' <= r && r <= '~':
			out.WriteRune(r)
		case r <= 0xFF:
			fmt.Fprintf(&out, `\x%02X`, r)
		case r <= 0xFFFF:
			fmt.Fprintf(&out, `\u%04X`, r)
		default:
			fmt.Fprintf(&out, `\U%08X`, r)
		}
	}
	out.WriteByte('"')
	return out.String()
}
