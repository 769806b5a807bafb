package xmlrpc

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"cloudapi/internal/fault"
	"cloudapi/server/rest"
)

// system answers the methods that describe the server, to everybody, as
// /appserver/rest/openapi.json does. system.multicall is not offered: it would
// take any number of calls past the limits of one.
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
	// Texts always encode.
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

// help is the description of a method with its parameters in their order.
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
