package graphqlhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/internal/fault"
	"cloudapi/internal/jsontext"
	"cloudapi/server/engine"
)

// fields are the members of a request, from a body or a query string.
type fields struct {
	Query         json.RawMessage `json:"query"`
	OperationName json.RawMessage `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
}

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// read decodes a request. An error comes with its HTTP status.
func read(r *http.Request) (*engine.Request, int, error) {
	request := &engine.Request{Key: r.Header.Get("Idempotency-Key")}
	request.Headers = r.Header
	var err error
	status := http.StatusBadRequest
	if r.Method == http.MethodPost {
		status, err = readBody(r, &request.RawParams)
	} else {
		request.ReadOnly = true
		err = readURL(r.URL.RawQuery, &request.RawParams)
	}
	if err == nil && request.Query == "" {
		status, err = http.StatusBadRequest, fault.New(fault.Invalid, "The request has no query").On("query")
	}
	return request, status, err
}

// readBody decodes a POST. Only JSON is taken: what a form can send without
// asking, another site can send in a user's name.
func readBody(r *http.Request, into *graphql.RawParams) (int, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != typeJSON {
		return http.StatusUnsupportedMediaType, invalid("The Content-Type must be %s", typeJSON)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return http.StatusUnsupportedMediaType, invalid("The charset must be utf-8")
	}
	body, err := io.ReadAll(r.Body)
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge,
			fault.New(fault.TooLarge, "The body is larger than %d bytes", large.Limit)
	}
	if err != nil {
		return http.StatusBadRequest, invalid("The body could not be read")
	}
	var f fields
	if err := jsontext.Unmarshal(body, &f); err != nil {
		return http.StatusBadRequest, invalid("The body must be one JSON object: %s", reason(err))
	}
	if err := f.text("query", f.Query, &into.Query); err != nil {
		return http.StatusBadRequest, err
	}
	if err := f.text("operationName", f.OperationName, &into.OperationName); err != nil {
		return http.StatusBadRequest, err
	}
	if err := f.object("variables", f.Variables, &into.Variables); err != nil {
		return http.StatusBadRequest, err
	}
	return http.StatusBadRequest, f.object("extensions", f.Extensions, &into.Extensions)
}

// reason tells what is wrong with a JSON text without repeating any of it.
func reason(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("it is no JSON at byte %d", syntax.Offset)
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "it is another JSON value"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return err.Error()
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func (fields) text(name string, raw json.RawMessage, into *string) error {
	if !given(raw) {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.New(fault.Invalid, "%s must be a string", name).On(name)
	}
	return nil
}

func (fields) object(name string, raw json.RawMessage, into *map[string]any) error {
	if !given(raw) {
		return nil
	}
	if err := jsontext.Unmarshal(raw, into); err != nil {
		return fault.New(fault.Invalid, "%s must be a JSON object", name).On(name)
	}
	return nil
}

// readURL decodes a GET.
func readURL(query string, into *graphql.RawParams) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return invalid("The query string is malformed")
	}
	for name, all := range values {
		if len(all) > 1 {
			return fault.New(fault.Invalid, "%.40q is given more than once", name)
		}
		if !utf8.ValidString(all[0]) {
			return fault.New(fault.Invalid, "%.40q is not valid UTF-8", name)
		}
	}
	into.Query = values.Get("query")
	into.OperationName = values.Get("operationName")
	var f fields
	if err := f.object("variables", json.RawMessage(values.Get("variables")), &into.Variables); err != nil {
		return err
	}
	return f.object("extensions", json.RawMessage(values.Get("extensions")), &into.Extensions)
}
