package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"cloudapi/internal/dev/pgtest"
)

// alert is a rule of docs/prometheus/alerts.yml.
type alert struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	text, err := os.ReadFile("../docs/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct{ Rules []alert }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

// dashboard returns the expressions of docs/grafana/cloudapi.json, by the titles of their panels.
func dashboard(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/grafana/cloudapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, p := range file.Panels {
		for _, target := range p.Targets {
			found[p.Title] = append(found[p.Title], strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
		}
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
	}
	return found
}

// TestEachPanelAndAlertHasItsMetrics: the expressions of the dashboard and the alerts are valid PromQL, and a server that
// has handled some requests has all of their metrics and labels.
func TestEachPanelAndAlertHasItsMetrics(t *testing.T) {
	database := pgtest.URL(t)
	// A primary answers queries of its replay state like a standby.
	s := start(t, "--database-url", database, "--read-database-url", database)
	s.query(t, `mutation { createCustomer(input: { name: "Shown" }) { customer { id } } }`, "Idempotency-Key", "shown")
	s.query(t, `{ customers { nodes { name } } }`)
	s.ask(t, http.MethodGet, "/appserver/rest/cloud_api_customer/list", "")
	served := labels(s.ask(t, http.MethodGet, "/metrics", ""))
	for title, expressions := range dashboard(t) {
		for _, e := range expressions {
			selects(t, title, e, served)
		}
	}
	for _, a := range alerts(t) {
		selects(t, a.Alert, a.Expr, served)
		if a.Labels["severity"] == "" || a.Annotations["summary"] == "" {
			t.Errorf("%s has no severity or no summary", a.Alert)
		}
	}
}

// labels returns the label names of each metric.
func labels(text string) map[string][]string {
	label := regexp.MustCompile(`[{,](\w+)="`)
	found := map[string][]string{}
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		if name == "#" {
			continue
		}
		names := []string{}
		for _, m := range label.FindAllStringSubmatch(line[:len(line)-len(rest)], -1) {
			names = append(names, m[1])
		}
		found[name] = names
	}
	return found
}

// selects checks the metrics and labels in an expression.
func selects(t *testing.T, where, expression string, served map[string][]string) {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		t.Errorf("%s: %s: %v", where, expression, err)
		return
	}
	// Prometheus adds these.
	known := []string{"job", "instance", "__name__"}
	var used []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			names, ok := served[node.Name]
			if !ok && node.Name != "up" {
				t.Errorf("%s: the server has no %s", where, node.Name)
			}
			known = append(known, names...)
			for _, m := range node.LabelMatchers {
				used = append(used, m.Name)
			}
		case *parser.AggregateExpr:
			used = append(used, node.Grouping...)
		}
		return nil
	})
	for _, name := range used {
		if !slices.Contains(known, name) {
			t.Errorf("%s: no metric of %s has the label %s", where, expression, name)
		}
	}
}
