package openapi

import "cloudapi/server/rest"

// keyHeader is the header that makes it safe to repeat a change.
func keyHeader() object {
	return object{
		{"name", "Idempotency-Key"}, {"in", "header"}, {"required", false},
		{"description", "A name for this change, 1 to 255 visible ASCII characters. Repeated calls with the same key make the change once, and get the first answer; " +
			"a different call with the key gets 422."},
		{"schema", object{{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}},
	}
}

func reference(kind, name string) object {
	return object{{"$ref", "#/components/" + kind + "/" + name}}
}

// headersOf returns the headers of an answer with a status.
func headersOf(status int) object {
	of := object{{"X-Request-Id", reference("headers", "X-Request-Id")}}
	switch status {
	case 200, 429:
		of = append(of, member{"RateLimit", reference("headers", "RateLimit")}, member{"RateLimit-Policy", reference("headers", "RateLimit-Policy")})
	case 401:
		of = append(of, member{"WWW-Authenticate", reference("headers", "WWW-Authenticate")})
	case 405:
		of = append(of, member{"Allow", reference("headers", "Allow")})
	}
	if status == 429 || status == 503 {
		of = append(of, member{"Retry-After", reference("headers", "Retry-After")})
	}
	return of
}

func headers() object {
	text := func(description, example string) object {
		return object{{"description", description}, {"schema", object{{"type", "string"}}}, {"example", example}}
	}
	return object{
		{"Allow", text("The allowed HTTP methods.", "GET, HEAD, POST")},
		{"RateLimit", text("The remaining rate of the caller (`r`, in the units of the policy), and the seconds until it is fully restored (`t`).", `"cost";r=999000;t=1`)},
		{"RateLimit-Policy", text("The full rate of the caller: the cost that may be used at once (`q`).", `"cost";q=1000000`)},
		{"Retry-After", object{
			{"description", "The seconds after which the call may be repeated."}, {"schema", object{{"type", "integer"}, {"minimum", 1}}}, {"example", 1},
		}},
		{"WWW-Authenticate", text("The challenge, in the answer to every call without valid credentials.", `Basic realm="Applicationserver"`)},
		{"X-Request-Id", text("The id of the request in the server's log. A valid id in the request is used.", "22544b07-4129-47b1-8690-b92c0db21434")},
	}
}

// encodings says that lists and dictionaries are JSON in a form too.
func encodings(m *rest.Method) object {
	all := object{}
	for _, p := range m.Parameters {
		if p.Structured() {
			all = append(all, member{p.Name, object{{"contentType", "application/json"}}})
		}
	}
	return all
}
