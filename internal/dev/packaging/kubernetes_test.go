package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkManifest validates a manifest against the types of the Kubernetes API.
func checkManifest(t *testing.T, file string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "node", "testdata/kubernetes/check.mjs", file).CombinedOutput()
	return string(out), err
}

// TestKubernetesManifest: the manifest is valid.
func TestKubernetesManifest(t *testing.T) {
	out, err := checkManifest(t, "../../../kubernetes.yaml")
	if err != nil {
		t.Fatalf("make test installs the check: %v\n%s", err, out)
	}
	if !strings.Contains(out, "Deployment cloudapi\n") || !strings.Contains(out, "Service cloudapi\n") {
		t.Errorf("the manifest has only:\n%s", out)
	}
}

// TestKubernetesCheckFindsFaults: a misspelt field, a wrong type, a missing field.
func TestKubernetesCheckFindsFaults(t *testing.T) {
	text, err := os.ReadFile("../../../kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.NewReplacer("timeoutSeconds: 3", "timeoutSecond: 3", "replicas: 2", "replicas: two", "topologyKey: kubernetes.io/hostname", "").Replace(string(text))
	file := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := checkManifest(t, file)
	if err == nil {
		t.Fatal("nothing is found")
	}
	for _, want := range []string{"'timeoutSecond'", "'string' is not assignable to type 'number'", "'topologyKey' is missing"} {
		if !strings.Contains(strings.ReplaceAll(out, `"`, ""), want) {
			t.Errorf("without %q:\n%s", want, out)
		}
	}
}
