package rest

import (
	"encoding/json"
	"testing"
	"time"
)

// TestGoOn: a page after the first has its own time limit, unless the caller limits all pages together.
func TestGoOn(t *testing.T) {
	services, err := load(newEngine())
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{pageTime: time.Hour}
	for name, c := range map[string]struct {
		params map[string]any
		own    bool
	}{
		"no limit":    {nil, true},
		"maxduration": {map[string]any{"maxduration": json.Number("60")}, false},
	} {
		for _, s := range services {
			m := s.byName["find"]
			if m == nil {
				continue
			}
			ctx, end, err := m.withTimeLimit(t.Context(), map[string]any{ParamsName: c.params})
			if err != nil {
				t.Fatal(err)
			}
			defer end()
			page, stop := h.nextPageContext(ctx)
			defer stop()
			if own := page != ctx; own != c.own {
				t.Errorf("%s: a time of its own: %t, want %t", name, own, c.own)
			}
		}
	}
}
