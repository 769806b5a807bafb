package rest

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
)

// The functions below are for describing the methods (server/rest/openapi).

// DescriptionName is the name of the description of the old URLs, below Prefix.
const DescriptionName = "openapi.json"

// Document returns the method's operation as the engine runs it.
func (m *Method) Document() string { return m.query }

// Selection returns the selection of the method's operation.
func (m *Method) Selection() ast.SelectionSet { return m.operation.SelectionSet }

// Wrapped reports whether the result is put into an array of one.
func (m *Method) Wrapped() bool { return m.shape.wrap }

// Bare returns the answer if it is the whole body, nil if there is an envelope. The router sets the value.
func (m *Method) Bare() json.RawMessage {
	if !m.shape.bare {
		return nil
	}
	return json.RawMessage(m.rewrite.fields[bareAlias].literal(nil))
}

// IsResult reports whether a field is the result of a method.
func IsResult(f *ast.Field) bool {
	return f.Alias == resultAlias || f.Alias == resultsAlias || f.Alias == bareAlias
}

// Followed reports whether a field is a connection that the router follows to its end.
func Followed(f *ast.Field) bool {
	return slices.ContainsFunc(f.Arguments, func(a *ast.Argument) bool {
		return a.Value.Kind == ast.Variable && a.Value.Raw == afterName
	})
}

// FailuresByStatus returns the answers of the old URLs to each kind of fault, one for each status, in the order of the statuses.
// text stands for the fault's text.
func FailuresByStatus(text string) []Failure {
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

// Codes returns the codes of failures.
func Codes() []int {
	return []int{codeNoService, codeNoMethod, codeInvalid, codeUnauthenticated, codeForbidden}
}

// Status returns the HTTP status.
func (f Failure) Status() int { return f.status }

// Message returns the kind of failure.
func (f Failure) Message() string { return f.message }

// MarshalJSON encodes the failure as the old URLs do.
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
