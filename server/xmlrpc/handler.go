// Package xmlrpc serves the old API as XML-RPC, at /appserver/xmlrpc/ and any path below it (OLD-FAMILY.md, 3). A method is
// called as <service>.<method>, with its parameters by position. server/rest has the methods, rights and errors; this
// package has the wire format. docs/xmlrpc.md describes it for clients.
package xmlrpc

import (
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"cloudapi/internal/fault"
	"cloudapi/server/rest"
)

// Prefix is the path of the XML-RPC server.
const Prefix = "/appserver/xmlrpc/"

// maxAhead is how much of a body is read before the caller is authenticated, in bytes.
const maxAhead = 16 << 10

// Handler serves the old API as XML-RPC.
type Handler struct {
	methods *rest.Handler
	log     *slog.Logger
}

// New returns a handler that calls the methods of the old URLs.
func New(methods *rest.Handler, log *slog.Logger) *Handler { return &Handler{methods, log} }

// ServeHTTP answers one call. It reads the method name first, and the parameters only after checking that the caller may
// call the method.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		headers(w, http.StatusMethodNotAllowed)
		h.write(w, r, rest.NewFailure(r.Context(), fault.New(fault.Invalid, "XML-RPC is called with POST only")))
		return
	}
	c := &call{handler: h, source: &source{io.LimitReader(r.Body, maxAhead)}}
	c.decoder = newDecoder(c.source)
	name, err := c.method(r)
	if err != nil {
		c.Fail(w, r, rest.NewFailure(r.Context(), err))
		return
	}
	if h.system(w, r, c, name) {
		return
	}
	service, method, _ := strings.Cut(name, ".")
	if strings.Count(name, ".") != 1 || service == "system" {
		c.Fail(w, r, rest.NoMethod(service, method))
		return
	}
	h.methods.Call(w, r, service, method, c)
	if c.answer != nil {
		if err := c.answer.end(); err != nil {
			h.log.DebugContext(r.Context(), "the client is gone", "error", err)
		}
	}
}

// Refuse answers a request that was rejected because of its headers.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, _ int, f *fault.Fault) {
	headers(w, http.StatusOK)
	h.write(w, r, rest.NewFailure(r.Context(), f))
}

func headers(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
}

func (h *Handler) write(w http.ResponseWriter, r *http.Request, f rest.Failure) {
	if err := writeFault(w, f); err != nil {
		h.log.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}

// source is the input of a decoder. The body is replaced once the caller is known, by one that counts the caller's memory.
type source struct{ io.Reader }

// call is one call and its transport.
type call struct {
	handler *Handler
	source  *source
	decoder *decoder
	answer  *encoder
}

// method reads the name of the called method.
func (c *call) method(r *http.Request) (string, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "text/xml" && media != "application/xml" {
		return "", fault.New(fault.Invalid, "The body must be text/xml or application/xml")
	}
	name, err := c.decoder.method()
	if err != nil {
		return "", rest.Unreadable(err)
	}
	return name, nil
}

// Arguments reads the parameters.
func (c *call) Arguments(r *http.Request, m *rest.Method) (map[string]any, error) {
	c.source.Reader = r.Body
	values, err := c.decoder.params()
	if err != nil {
		return nil, rest.Unreadable(err)
	}
	return m.Positional(values)
}

// Begin starts an answer.
func (c *call) Begin(w http.ResponseWriter) io.Writer {
	headers(w, http.StatusOK)
	c.answer = newEncoder(w)
	return c.answer
}

// Fail writes a fault. Its status is 200, without a challenge.
func (c *call) Fail(w http.ResponseWriter, r *http.Request, f rest.Failure) {
	headers(w, http.StatusOK)
	c.handler.write(w, r, f)
}
