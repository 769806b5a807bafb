package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"cloudapi/internal/fault"
	"cloudapi/server/observe"
)

// The codes of the old API.
const (
	codeNoService       = 8000
	codeNoMethod        = 8001
	codeInvalid         = 8002
	codeUnauthenticated = 9000
	codeForbidden       = 9001
)

// failure is an answer that says why there is none (CONTRACT.md, 1).
type failure struct {
	status    int
	code      int
	message   string
	exception string
}

func noService(name string) failure {
	return failure{http.StatusNotFound, codeNoService, "Service not found",
		fmt.Sprintf("No service called '%s' registered on this server", clip(name))}
}

func noMethod(service, name string) failure {
	return failure{http.StatusNotFound, codeNoMethod, "Method not found",
		fmt.Sprintf("Service %s exposes no method '%s'", service, clip(name))}
}

// failureOf is the one table from faults to failures.
func (m *Method) failureOf(f *fault.Fault, requestID string) failure {
	out := failure{status: f.Code.Status(), code: codeInvalid, message: http.StatusText(f.Code.Status()), exception: f.Message}
	switch f.Code {
	case fault.Unauthenticated:
		out.code, out.message = codeUnauthenticated, "Authentication required"
	case fault.Forbidden:
		out.code, out.message = codeForbidden, "Authorization Failed"
	case fault.Invalid:
		out.message, out.exception = "Invalid request", m.named(f)
	case fault.NotFound:
		out.message = "Not found"
	case fault.Conflict, fault.KeyReused:
		out.message = "Conflict"
	case fault.Internal, fault.Unavailable:
		out.message = "Internal server error"
		if f.Code == fault.Internal {
			out.exception = "Internal server error (request " + requestID + ")"
		}
	}
	return out
}

// named makes an error name the old parameter: what the operation calls by the
// name of an input field came from one of the caller's parameters.
func (m *Method) named(f *fault.Fault) string {
	name, ok := m.fields[f.Field]
	if !ok {
		name = f.Field
	}
	if rest, ok := strings.CutPrefix(f.Message, f.Field+" "); ok && f.Field != "" {
		return name + " " + rest
	}
	if name == "" || strings.Contains(f.Message, name) || fixed(f.Message) {
		return f.Message
	}
	return name + ": " + f.Message
}

// fixed are the messages that old clients compare to the letter.
func fixed(message string) bool {
	return message == "The capacity unit type specified could not be found!" ||
		strings.HasPrefix(message, "Could not find the job ")
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, m *Method, err error) {
	f := fault.As(err)
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Code == fault.Unauthenticated {
		h.challenge(w.Header())
	}
	h.fail(w, r, m.failureOf(f, observe.RequestID(r.Context())))
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, f failure) {
	headers(w.Header())
	w.WriteHeader(f.status)
	// A struct of texts and numbers always encodes; the client may be gone.
	text, _ := json.Marshal(struct {
		Message   string `json:"message"`
		Code      int    `json:"code"`
		Exception string `json:"exception"`
		Error     bool   `json:"error"`
	}{f.message, f.code, f.exception, true})
	if _, err := w.Write(text); err != nil {
		h.log.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}
