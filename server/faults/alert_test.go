package faults

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cloudapi/internal/dev/tool"
)

// scrapes are a server's metrics as Prometheus would have them, a scrape a minute.
type scrapes struct {
	minutes int
	series  map[string][]string
}

// watched are the metrics that the alerts about changes stand on.
var watched = regexp.MustCompile(`^(cloudapi_(?:requests_total|faults_total|sql_statement_errors_total|sql_statement_duration_seconds_count|database_up))(?:\{(.*)\})? (\S+)$`)

// scrape takes the metrics of a minute.
func (s *scrapes) scrape(t *testing.T, base string) {
	t.Helper()
	answer, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		found := watched.FindStringSubmatch(lines.Text())
		if found == nil {
			continue
		}
		name := found[1] + `{job="cloudapi",instance="a",` + found[2] + `}`
		for len(s.series[name]) < s.minutes {
			s.series[name] = append(s.series[name], "_")
		}
		s.series[name] = append(s.series[name], found[3])
	}
	s.minutes++
}

// TestFullDiskRaisesAlerts: with a full disk every change is answered with status 200 and UNAVAILABLE, reads go on, and the
// server is ready. The rules of docs/prometheus, fed with this server's own metrics, say that changes fail, and said nothing
// before.
func TestFullDiskRaisesAlerts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onSQLite(t.TempDir()), 1)
	s, n := &scrapes{series: map[string][]string{}}, 0
	minutes := func(count int, fails bool) {
		for range count {
			for range 20 {
				if a := w.client.query(t.Context(), w.bases[0], "", someReads); !a.ok() {
					t.Errorf("a read: %s", a)
				}
			}
			n++
			a := w.client.query(t.Context(), w.bases[0], "", fmt.Sprintf(`mutation { createCustomer(input: {name: "%d"}) { job { id } } }`, n))
			if a.ok() == fails || fails && (a.Status != http.StatusOK || a.Code != "UNAVAILABLE") {
				t.Errorf("a change, while it fails is %v: %s", fails, a)
			}
			s.scrape(t, w.bases[0])
		}
	}
	minutes(15, false)
	limitFiles(t, w.servers[0], 4096)
	minutes(15, true)
	if !w.servers[0].ready() {
		t.Error("a server that reads is not ready")
	}
	limitFiles(t, w.servers[0], unix.RLIM_INFINITY)
	minutes(1, false)

	rules, err := filepath.Abs("../../docs/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	fmt.Fprintf(&file, "rule_files: [%q]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n", rules)
	for name, values := range s.series {
		fmt.Fprintf(&file, "      - {series: '%s', values: '%s'}\n", strings.ReplaceAll(name, ",}", "}"), strings.Join(values, " "))
	}
	file.WriteString(`    alert_rule_test:
      - {eval_time: 14m, alertname: CloudapiOperationFails, exp_alerts: []}
      - {eval_time: 14m, alertname: CloudapiWritesFail, exp_alerts: []}
      - {eval_time: 29m, alertname: CloudapiDatabaseDown, exp_alerts: []}
      - eval_time: 29m
        alertname: CloudapiOperationFails
        exp_alerts:
          - exp_labels: {severity: critical, operation: createCustomer}
            exp_annotations: {summary: "100% of the requests for createCustomer fail."}
      - eval_time: 29m
        alertname: CloudapiWritesFail
        exp_alerts:
          - exp_labels: {severity: critical}
            exp_annotations: {summary: "100% of the statements that write fail."}
`)
	path := filepath.Join(t.TempDir(), "full_disk_test.yml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tool.Find(t, "promtool").Command(t, "test", "rules", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
