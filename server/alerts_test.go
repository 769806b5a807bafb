package main

import (
	"os"
	"testing"

	"go.yaml.in/yaml/v3"

	"cloudapi/internal/dev/tool"
)

const alertScenarios = "../docs/prometheus/alerts_test.yml"

// TestAlertScenarios runs the scenarios of the alerts with Prometheus' promtool.
func TestAlertScenarios(t *testing.T) {
	command := tool.Find(t, "promtool").Command(t, "test", "rules", alertScenarios)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEachAlertHasScenarios: each alert fires in one scenario and does not fire in another.
func TestEachAlertHasScenarios(t *testing.T) {
	text, err := os.ReadFile(alertScenarios)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tests []struct {
			Rules []struct {
				Alert    string           `yaml:"alertname"`
				Expected []map[string]any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, scenario := range file.Tests {
		for _, r := range scenario.Rules {
			if len(r.Expected) > 0 {
				fires[r.Alert] = true
			} else {
				silent[r.Alert] = true
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !silent[a.Alert] {
			t.Errorf("%s: there is a scenario in which it fires: %v, and one in which it does not: %v", a.Alert, fires[a.Alert], silent[a.Alert])
		}
	}
}
