package rest

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"cloudapi/internal/fault"
)

// arguments are the parameters of a call, by name.
type arguments struct {
	method *Method
	values map[string]string
	err    error // the first
}

// readArguments collects the arguments of a call from its URL and its body. With an error it returns those that it could read.
func (m *Method) readArguments(r *http.Request) (map[string]string, error) {
	a := arguments{method: m, values: make(map[string]string, len(m.Parameters))}
	a.parse(r.URL.RawQuery)
	a.fail(a.body(r))
	return a.values, a.err
}

func (a *arguments) fail(err error) { a.err = cmp.Or(a.err, err) }

// body returns the error of a body that cannot be read.
func (a *arguments) body(r *http.Request) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	switch media {
	case "multipart/form-data":
		return a.multipart(r, params["boundary"])
	case "application/x-www-form-urlencoded":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return Unreadable(err)
		}
		a.parse(string(body))
		return nil
	}
	// A body of another type is an error; an empty body is valid.
	if n, err := io.ReadFull(r.Body, make([]byte, 1)); n > 0 {
		return invalid("The body must be application/x-www-form-urlencoded or multipart/form-data")
	} else if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return Unreadable(err)
	}
	return nil
}

// Unreadable is the fault of a body that cannot be read.
func Unreadable(err error) error {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "The body is larger than %d bytes; send less", large.Limit).With("limit", "body")
	}
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f
	}
	return invalid("The body could not be read")
}

// parse parses the form a=1&b=2, where + is a space.
func (a *arguments) parse(form string) {
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			a.fail(invalid("A parameter's name is not properly encoded"))
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil {
			a.fail(invalid("%s is not properly encoded", truncate(name)))
			continue
		}
		a.add(name, value)
	}
}

func (a *arguments) add(name, value string) {
	_, twice := a.values[name]
	switch {
	case a.method.byName[name] == nil:
		a.fail(invalid("%s takes no parameter %s%s", a.method.Name, quote(name), a.method.suggest(name)))
	case twice:
		a.fail(invalid("Multi-item arguments not supported: %s", name))
	default:
		a.values[name] = value
	}
}

// multipart parses a multipart form. The size of the body is already limited.
func (a *arguments) multipart(r *http.Request, boundary string) error {
	if boundary == "" {
		return invalid("The multipart body has no boundary")
	}
	body := bufio.NewReader(r.Body)
	if _, err := body.Peek(1); errors.Is(err, io.EOF) {
		return nil
	}
	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextPart()
		switch {
		case err == io.EOF: //nolint:errorlint // a wrapped EOF means that the last boundary is missing
			return nil
		case errors.Is(err, io.EOF):
			return invalid("The multipart body does not end with its boundary")
		case err != nil:
			return Unreadable(err)
		}
		if part.FileName() != "" {
			return invalid("%s is a file; only values are taken", truncate(part.FormName()))
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return Unreadable(err)
		}
		a.add(part.FormName(), string(value))
	}
}

// variables decodes the arguments of a method, and reports all faults.
func (m *Method) variables(given map[string]string) (map[string]any, error) {
	return m.collect(func(_ int, p *Parameter) (any, error) { return p.decode(given[p.Name]) })
}

// collect decodes each parameter of a method, and reports all faults. With an error it returns the values that are valid.
func (m *Method) collect(decode func(i int, p *Parameter) (any, error)) (map[string]any, error) {
	vars := make(map[string]any, len(m.Parameters)+1)
	var faults []*fault.Fault
	for i, p := range m.Parameters {
		value, err := decode(i, p)
		if err == nil && value == nil && p.Required {
			err = invalid("The parameter %s is required", p.Name)
		}
		if err != nil {
			faults = append(faults, fault.As(err))
		} else if value != nil {
			vars[p.Name] = value
		}
	}
	if len(faults) > 0 {
		return vars, fault.All(faults...)
	}
	return vars, nil
}
