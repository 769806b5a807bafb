package read

// compact appends JSON from the database without the spaces and line breaks
// that PostgreSQL puts between its parts: a tenth of it, and nothing that the
// ordinary path writes.
func compact(out, text []byte) []byte {
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\n'):
			out = append(out, text[start:i]...)
			start = i + 1
		}
	}
	return append(out, text[start:]...)
}
