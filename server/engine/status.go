package engine

import (
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
)

// statusOf returns the HTTP status of a rejected request: 400 for a fault of the document (GraphQL over HTTP, 6.4.2).
func statusOf(errs gqlerror.List) int {
	if len(errs) == 0 {
		return http.StatusBadRequest
	}
	if status, ok := errs[0].Extensions["status"].(int); ok {
		delete(errs[0].Extensions, "status")
		return status
	}
	if code, ok := errs[0].Extensions["code"].(string); ok {
		for _, known := range fault.Codes() {
			if string(known) == code && known != fault.TooLarge {
				return known.Status()
			}
		}
	}
	return http.StatusBadRequest
}
