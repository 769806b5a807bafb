package xmlrpc

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"cloudapi/internal/fault"
	"cloudapi/server/rest"
)

// system answers the introspection methods without credentials, like /appserver/rest/openapi.json. system.multicall is not
// supported: it would bypass the limits of a call.
func (h *Handler) system(w http.ResponseWriter, r *http.Request, c *call, name string) bool {
	var answer any
	switch name {
	case "system.listMethods":
		names := append(h.methods.Operations(), "system.listMethods", "system.methodHelp")
		slices.Sort(names)
		answer = names
	case "system.methodHelp":
		values, err := c.decoder.params()
		if err == nil {
			answer, err = h.help(values)
		}
		if err != nil {
			c.Fail(w, r, rest.NewFailure(r.Context(), rest.Unreadable(err)))
			return true
		}
	default:
		return false
	}
	// Texts can always be encoded.
	text, _ := json.Marshal(answer)
	out := c.Begin(w)
	_, err := out.Write(text)
	if err == nil {
		err = c.answer.end()
	}
	if err != nil {
		h.log.DebugContext(r.Context(), "the client is gone", "error", err)
	}
	return true
}

// help returns the description of a method and its parameters in order.
func (h *Handler) help(values []any) (string, error) {
	if len(values) != 1 {
		return "", fault.New(fault.Invalid, "methodHelp takes the name of a method")
	}
	name, _ := values[0].(string)
	service, method, _ := strings.Cut(name, ".")
	m := h.methods.Method(service, method)
	if m == nil {
		return "", fault.New(fault.Invalid, "There is no method with this name; system.listMethods has all")
	}
	parameters := make([]string, len(m.Parameters))
	for i, p := range m.Parameters {
		parameters[i] = p.Name
	}
	return name + "(" + strings.Join(parameters, ", ") + ")\n\n" + m.Description, nil
}
