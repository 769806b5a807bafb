package rest

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
)

// What follows is for those who describe the methods (server/rest/openapi).

// DescriptionName is where the description of the old URLs is, below Prefix.
const DescriptionName = "openapi.json"

// Document is the method's operation as the engine runs it.
func (m *Method) Document() string { return m.query }

// Selection is what the method's operation selects.
func (m *Method) Selection() ast.SelectionSet { return m.operation.SelectionSet }

// Wrapped reports whether the result is put into an array of one.
func (m *Method) Wrapped() bool { return m.shape.wrap }

// Bare is an answer that is all of the body, nil where there is an envelope. The
// value is the router's own.
func (m *Method) Bare() json.RawMessage {
	if !m.shape.bare {
		return nil
	}
	return json.RawMessage(m.rewrite.fields[bareAlias].literal(nil))
}

// IsResult reports whether a field gives the result of a method.
func IsResult(f *ast.Field) bool {
	return f.Alias == resultAlias || f.Alias == resultsAlias || f.Alias == bareAlias
}

// Followed reports whether a field is a connection that the router follows to
// its end.
func Followed(f *ast.Field) bool {
	return slices.ContainsFunc(f.Arguments, func(a *ast.Argument) bool {
		return a.Value.Kind == ast.Variable && a.Value.Raw == afterName
	})
}

// Refusals are the answers of the old URLs to each kind of fault, one for each
// status, in the order of the statuses. They say text in the place of what is
// wrong.
func Refusals(text string) []Failure {
	var all []Failure
	for _, code := range fault.Codes() {
		if !slices.ContainsFunc(all, func(f Failure) bool { return f.status == code.Status() }) {
			all = append(all, failureOf(fault.New(code, ""), text, "a guid"))
		}
	}
	all = append(all, notAllowed(http.MethodPut))
	for _, status := range []int{http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge} {
		all = append(all, Failure{status, codeInvalid, http.StatusText(status), text})
	}
	slices.SortFunc(all, func(a, b Failure) int { return a.status - b.status })
	return all
}

// Codes are the codes that failures have.
func Codes() []int {
	return []int{codeNoService, codeNoMethod, codeInvalid, codeUnauthenticated, codeForbidden}
}

// Status is the status of HTTP.
func (f Failure) Status() int { return f.status }

// Message says what kind of failure it is.
func (f Failure) Message() string { return f.message }

// MarshalJSON is the failure as the old URLs answer it.
func (f Failure) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Message   string `json:"message"`
		Code      int    `json:"code"`
		Exception string `json:"exception"`
		Error     bool   `json:"error"`
	}{f.message, f.code, f.exception, true})
}

// describe serves the description.
func (h *Handler) describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := w.Write(h.description); err != nil {
		h.log.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}
