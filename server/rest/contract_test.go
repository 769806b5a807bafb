package rest_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api/apitest"
)

// TestContract runs testdata/contract/*.txtar against the whole server, each scenario on its own database.
// testdata/contract/README.md describes the format.
func TestContract(t *testing.T) {
	files, err := filepath.Glob("testdata/contract/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := parseSteps(archive)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for database, url := range databases {
			t.Run(name+"/"+database, func(t *testing.T) {
				t.Parallel()
				a := apitest.New(t, url(t))
				play(t, a.Handler, steps)
				keptSecret(t, a)
			})
		}
	}
}

var databases = map[string]func(testing.TB) string{
	"sqlite":   func(testing.TB) string { return "sqlite://:memory:" },
	"postgres": pgtest.URL,
}

// keptSecret checks that the log has no passwords, which old URLs have in their query.
func keptSecret(t *testing.T, a *apitest.API) {
	t.Helper()
	for _, secret := range []string{apitest.Password, apitest.PortalSecret, "portal+secret", "portal%20secret", "customerguid="} {
		if strings.Contains(a.Log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
