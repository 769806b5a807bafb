package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"cloudapi/internal/dev/bench/load"
)

// checked is how many requests of a row are compared before measuring.
const checked = 20

// check sends the first requests to each subject. The answers must have no errors and, if the row requires it, be equal.
func (r row) check(ctx context.Context) error {
	for i := range min(checked, len(r.subjects[0].requests)) {
		var first any
		for at, s := range r.subjects {
			answer, err := ask(ctx, s.target.URL, s.requests[min(i, len(s.requests)-1)])
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if at == 0 {
				first = answer
				continue
			}
			if difference := cmp.Diff(first, answer); r.same && difference != "" {
				return fmt.Errorf("%s and %s differ in request %d (-, +):\n%s", r.subjects[0].name, s.name, i, difference)
			}
		}
	}
	return nil
}

func ask(ctx context.Context, url string, r load.Request) (any, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, url+r.Path, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	if r.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.Authorization != "" {
		request.Header.Set("Authorization", r.Authorization)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer any
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %.500s", response.Status, text)
	}
	if object, ok := answer.(map[string]any); ok {
		if object["errors"] != nil {
			return nil, fmt.Errorf("%.500s", text)
		}
		delete(object, "extensions") // the cost of the request
	}
	return moments(answer), nil
}

// moments converts times to one format.
func moments(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = moments(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = moments(inner)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return value
}
