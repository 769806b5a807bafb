package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/alecthomas/kong"
)

// The files installed with the binary are not compiled: a misspelt option in them would be silently ignored.
func TestPackagesSetOptionsThatExist(t *testing.T) {
	parser, err := kong.New(&commands{}, kong.DefaultEnvars("CLOUDAPI"), kong.Vars{"version": version()}, limitDefaults())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, command := range parser.Model.Leaves(false) {
		for _, group := range command.AllFlags(false) {
			for _, flag := range group {
				for _, variable := range flag.Envs {
					known[variable] = true
				}
			}
		}
	}
	mentioned := regexp.MustCompile(`CLOUDAPI_[A-Z_]+`)
	for _, file := range []string{
		"../Dockerfile", "../compose.yaml", "../kubernetes.yaml", "../internal/dev/packaging/release.Dockerfile",
		"../internal/dev/packaging/cloudapi.env", "../internal/dev/packaging/cloudapi.service",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		variables := mentioned.FindAllString(string(text), -1)
		if len(variables) == 0 {
			t.Errorf("%s sets no option", file)
		}
		for _, variable := range variables {
			if !known[variable] {
				t.Errorf("%s sets %s, which is no option", file, variable)
			}
		}
	}
}
