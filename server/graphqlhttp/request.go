package graphqlhttp

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"cloudapi/internal/fault"
	"cloudapi/internal/strictjson"
	"cloudapi/server/engine"
	"cloudapi/server/persisted"
)

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// request is a decoded GraphQL request: what to run, and how its document is named.
type request struct {
	engine.Request
	documentID string
}

func (r *request) document() persisted.Request {
	return persisted.Request{Query: r.Query, DocumentID: r.documentID, Extensions: r.Extensions}
}

// readRequest decodes a request. An error comes with its HTTP status.
func readRequest(r *http.Request) (*request, int, error) {
	into := &request{}
	into.Key, into.Headers = r.Header.Get("Idempotency-Key"), r.Header
	if r.Method == http.MethodPost {
		status, err := readBody(r, into)
		return into, status, err
	}
	into.ReadOnly = true
	return into, http.StatusBadRequest, readURL(r.URL.RawQuery, into)
}

// readBody decodes a POST. It accepts only JSON: another site can send any type of an HTML form with the user's credentials
// without a preflight request.
func readBody(r *http.Request, into *request) (int, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != typeJSON {
		return http.StatusUnsupportedMediaType, invalid("The Content-Type must be %s", typeJSON)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return http.StatusUnsupportedMediaType, invalid("The charset must be utf-8")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return http.StatusUnsupportedMediaType, invalid("The body must have no Content-Encoding")
	}
	body, err := io.ReadAll(r.Body)
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge,
			fault.New(fault.TooLarge, "The body has more than %d bytes", large.Limit).With("limit", "body").With("max", large.Limit)
	}
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f.Code.Status(), f
	}
	if err != nil {
		return http.StatusBadRequest, invalid("The body could not be read")
	}
	members, err := strictjson.Members(body)
	if err != nil {
		return http.StatusBadRequest, invalid("The body must be one JSON object: %v", err)
	}
	return http.StatusBadRequest, into.members(members)
}

// members decodes the members of a body and ignores unknown names.
func (r *request) members(given map[string]json.RawMessage) error {
	return cmp.Or(
		text("query", given["query"], &r.Query),
		text("operationName", given["operationName"], &r.OperationName),
		text("documentId", given["documentId"], &r.documentID),
		object("variables", given["variables"], &r.Variables),
		object("extensions", given["extensions"], &r.Extensions),
	)
}

func isPresent(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func text(name string, raw json.RawMessage, into *string) error {
	if !isPresent(raw) {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.New(fault.Invalid, "%s must be a string", name).On(name)
	}
	return nil
}

func object(name string, raw json.RawMessage, into *map[string]any) error {
	if !isPresent(raw) {
		return nil
	}
	if err := strictjson.Unmarshal(raw, into); err != nil {
		return fault.New(fault.Invalid, "%s must be a JSON object: %v", name, err).On(name)
	}
	return nil
}

// readURL decodes a GET.
func readURL(query string, into *request) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return invalid("The query string is malformed")
	}
	for name, all := range values {
		if !utf8.ValidString(name) || !utf8.ValidString(all[0]) {
			return invalid("%.40q is not valid UTF-8", name)
		}
		if len(all) > 1 {
			return invalid("%.40q is given more than once", name)
		}
	}
	into.Query, into.OperationName = values.Get("query"), values.Get("operationName")
	into.documentID = values.Get("documentId")
	return cmp.Or(
		object("variables", json.RawMessage(values.Get("variables")), &into.Variables),
		object("extensions", json.RawMessage(values.Get("extensions")), &into.Extensions),
	)
}
