package load

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for out, want := range map[string]*Result{
		"RESULT requests=1000 duration=2000000 p50=900 p99=12000 failed=0 broken=0\n": {1000, 2 * time.Second, 900 * time.Microsecond, 12 * time.Millisecond},
		"wrk says more\nRESULT requests=1 duration=1 p50=1 p99=1 failed=0 broken=0\n": {1, time.Microsecond, time.Microsecond, time.Microsecond},
		"RESULT requests=1000 duration=2000000 p50=900 p99=12000 failed=1 broken=0\n": nil,
		"RESULT requests=1000 duration=2000000 p50=900 p99=12000 failed=0 broken=1\n": nil,
		"RESULT requests=0 duration=2000000 p50=0 p99=0 failed=0 broken=0\n":          nil,
		"unable to connect\n": nil,
	} {
		got, err := parse(out)
		if want == nil {
			if err == nil {
				t.Errorf("%q is taken for a result", out)
			}
			continue
		}
		if difference := cmp.Diff(*want, got); err != nil || difference != "" {
			t.Errorf("%q: %v %s", out, err, difference)
		}
	}
}

func TestLines(t *testing.T) {
	got := string(lines([]Request{{"GET", "/a", "", "Bearer x"}, {"POST", "/b", `{"a":1}`, ""}}))
	if want := "GET\t/a\t\tBearer x\nPOST\t/b\t{\"a\":1}\t\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
