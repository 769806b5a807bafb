package store_test

import (
	"context"
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

// TestOwnPlans: a statement is prepared once, and gets a custom or a generic plan as its context says, also when contexts
// alternate and transactions come between.
func TestOwnPlans(t *testing.T) {
	for name, c := range map[string]struct{ parameter, usual string }{
		"by default": {"", "auto"}, "as the URL says": {"&plan_cache_mode=force_generic_plan", "force_generic_plan"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, store.Options{URL: pgtest.URL(t) + c.parameter, MaxConns: 1})
			ask := func(ctx context.Context, want string) {
				t.Helper()
				var mode string
				if err := row(ctx, s, "SELECT current_setting('plan_cache_mode') AS kept WHERE $1 > 0", []any{1}, &mode); err != nil || mode != want {
					t.Errorf("the mode is %q, not %q: %v", mode, want, err)
				}
			}
			own := store.WithCustomPlan(t.Context())
			for range 3 {
				ask(t.Context(), c.usual)
				ask(own, "force_custom_plan")
				ask(own, "force_custom_plan")
			}
			tx, err := s.Driver().Tx(own)
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Exec(own, "CREATE TEMP TABLE modes AS SELECT current_setting('plan_cache_mode') AS mode", []any{}, nil); err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			want(t, s, []string{c.usual}, "SELECT mode FROM modes")
			want(t, s, []int64{1 + 1}, kept) // including the statement itself
		})
	}
}
