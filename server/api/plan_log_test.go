package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// plan is PostgreSQL's plan of a statement.
type plan struct {
	Text string `json:"Query Text"`
	Plan step
}

// step is a step of a plan.
type step struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Recheck  float64 `json:"Rows Removed by Index Recheck"`
	Plans    []step
}

func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.2000s\n", p.Text)
	p.Plan.write(&b, "  ")
	return b.String()
}

func (s step) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s %s %s: %.0f rows and %.0f others, %.0f times\n", indent, s.Type, s.Relation, s.Index, s.Rows, s.Filtered+s.Recheck, s.Loops)
	for _, inner := range s.Plans {
		inner.write(b, indent+"  ")
	}
}

// read returns how many rows the steps read from tables and indexes, including rows that a condition rejected.
func (s step) read() int {
	sum := 0
	if strings.Contains(s.Type, "Scan") && len(s.Plans) == 0 {
		sum = int((s.Rows + s.Filtered + s.Recheck) * s.Loops)
	}
	for _, inner := range s.Plans {
		sum += inner.read()
	}
	return sum
}

// sequential returns the tables that are read completely.
func (s step) sequential() (relations []string) {
	if s.Type == "Seq Scan" && s.Loops > 0 {
		relations = append(relations, s.Relation)
	}
	for _, inner := range s.Plans {
		relations = append(relations, inner.sequential()...)
	}
	return relations
}

// parsePlans parses the plans in PostgreSQL's log, where each line of an entry except the first begins with a tab. It omits
// the server's background work: leasing jobs, removing old keys and tokens.
func parsePlans(t *testing.T, log string) (plans []plan) {
	t.Helper()
	for _, entry := range strings.Split(log, "  plan:\n")[1:] {
		var text strings.Builder
		for line := range strings.Lines(entry) {
			inner, ok := strings.CutPrefix(line, "\t")
			if !ok {
				break
			}
			text.WriteString(inner)
		}
		var p plan
		if err := json.Unmarshal([]byte(text.String()), &p); err != nil {
			t.Fatalf("%v in the plan %s", err, text.String())
		}
		if !strings.HasPrefix(p.Text, "DELETE") && !strings.Contains(p.Text, `"lease_until" <`) {
			plans = append(plans, p)
		}
	}
	return plans
}
