package fastread

import (
	"database/sql/driver"
	"math/big"
	"strconv"
	"strings"
)

const hex = "0123456789abcdef"

// appendText appends a text as JSON. Texts in the database are valid UTF-8.
func appendText(out []byte, v driver.Value) []byte {
	text, ok := v.(string)
	if !ok {
		text = string(bytesOf(v))
	}
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(out, text[start:]...), '"')
}

// appendSum appends a sum as text. SQLite returns it as two numbers: the first is multiplied by 2^32.
func appendSum(out []byte, v driver.Value) ([]byte, bool) {
	text := string(bytesOf(v))
	if high, low, split := strings.Cut(text, " "); split {
		sum, ok := new(big.Int).SetString(high, 10)
		rest, also := new(big.Int).SetString(low, 10)
		if !ok || !also {
			return out, false
		}
		text = sum.Lsh(sum, 32).Add(sum, rest).String()
	}
	return append(append(append(out, '"'), text...), '"'), true
}

// appendNumber appends a number. SQLite returns an int64, PostgreSQL a text.
func appendNumber(out []byte, v driver.Value) []byte {
	if number, ok := v.(int64); ok {
		return strconv.AppendInt(out, number, 10)
	}
	return append(out, bytesOf(v)...)
}

// appendTime appends a time in RFC 3339 form. The database returns it in UTC (internal/store): 2026-01-02 03:04:05.678+00, or
// +00:00.
func appendTime(out []byte, v driver.Value) ([]byte, bool) {
	text, ok := v.(string)
	if !ok {
		text = string(bytesOf(v))
	}
	local, ok := strings.CutSuffix(strings.TrimSuffix(text, ":00"), "+00")
	if !ok || len(local) < len("2006-01-02 15:04:05") || local[10] != ' ' {
		return out, false
	}
	out = append(append(append(out, '"'), local[:10]...), 'T')
	return append(append(out, local[11:]...), 'Z', '"'), true
}
