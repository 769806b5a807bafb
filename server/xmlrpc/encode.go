package xmlrpc

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"strconv"

	"cloudapi/server/rest"
)

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<methodResponse>"

// encoder converts valid JSON to the answer of a call. It accepts the JSON in pieces of any size and buffers at most one
// text.
type encoder struct {
	out             *bufio.Writer
	open            []byte // the open brackets
	token           []byte // an incomplete text, number or word
	quoted, escaped bool
}

func newEncoder(w io.Writer) *encoder {
	e := &encoder{out: bufio.NewWriterSize(w, 32<<10)}
	e.put(declaration + "<params><param>")
	return e
}

// writeFault writes a fault response.
func writeFault(w io.Writer, f rest.Failure) error {
	code, text := f.Fault()
	e := &encoder{out: bufio.NewWriter(w)}
	e.put(declaration + "<fault>")
	// A struct of a text and a number can always be encoded.
	fault, _ := json.Marshal(struct {
		Code int    `json:"faultCode"`
		Text string `json:"faultString"`
	}{code, text})
	_, _ = e.Write(fault)
	e.put("</fault></methodResponse>\n")
	return e.out.Flush()
}

// put writes XML. The writer keeps an error for Write and end.
func (e *encoder) put(text string) { _, _ = e.out.WriteString(text) }

// Write accepts a piece of the JSON.
func (e *encoder) Write(p []byte) (int, error) {
	for _, c := range p {
		e.next(c)
	}
	_, err := e.out.Write(nil)
	return len(p), err
}

// end ends the answer.
func (e *encoder) end() error {
	e.scalar()
	e.put("</param></params></methodResponse>\n")
	return e.out.Flush()
}

func (e *encoder) next(c byte) {
	if e.quoted {
		e.token = append(e.token, c)
		switch {
		case e.escaped:
			e.escaped = false
		case c == '\\':
			e.escaped = true
		case c == '"':
			e.quoted = false
		}
		return
	}
	switch c {
	case '{':
		e.open = append(e.open, c)
		e.put("<value><struct>")
	case '[':
		e.open = append(e.open, c)
		e.put("<value><array><data>")
	case ':':
		e.put("<member><name>")
		e.text()
		e.put("</name>")
	case ',':
		e.scalar()
	case '}':
		e.scalar()
		e.leave("</struct></value>")
	case ']':
		e.scalar()
		e.leave("</data></array></value>")
	case ' ', '\t', '\n', '\r':
	default:
		e.quoted = c == '"'
		e.token = append(e.token, c)
	}
}

func (e *encoder) leave(closing string) {
	e.open = e.open[:len(e.open)-1]
	e.put(closing)
	e.member()
}

// member ends a member of a struct, if the last value was one.
func (e *encoder) member() {
	if n := len(e.open); n > 0 && e.open[n-1] == '{' {
		e.put("</member>")
	}
}

// text writes the completed text. Characters that XML cannot represent become U+FFFD.
func (e *encoder) text() {
	var s string
	// The engine wrote it, so it is valid.
	_ = json.Unmarshal(e.token, &s)
	e.token = e.token[:0]
	_ = xml.EscapeText(e.out, []byte(s))
}

// scalar writes the completed value, if there is one.
func (e *encoder) scalar() {
	if len(e.token) == 0 {
		return
	}
	e.put("<value>")
	switch e.token[0] {
	case '"':
		e.put("<string>")
		e.text()
		e.put("</string>")
	case 't':
		e.put("<boolean>1</boolean>")
	case 'f':
		e.put("<boolean>0</boolean>")
	case 'n':
		e.put("<nil/>")
	default:
		e.put(number(string(e.token)))
	}
	e.put("</value>")
	e.token = e.token[:0]
	e.member()
}

// number returns the type and the text of a number: i8 beyond 32 bits, and without an exponent.
func number(text string) string {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < math.MinInt32 || n > math.MaxInt32 {
			return "<i8>" + text + "</i8>"
		}
		return "<int>" + text + "</int>"
	}
	f, _ := strconv.ParseFloat(text, 64)
	return "<double>" + strconv.FormatFloat(f, 'f', -1, 64) + "</double>"
}
