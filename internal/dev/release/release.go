// Package release checks that the parts of a release are consistent: the file VERSION, the changelog, and the schema of the
// previous release.
package release

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Section is a version in the changelog.
type Section struct {
	Version string // "Unreleased" for what is on its way
	Date    string // "" for what is on its way
	Text    string
}

var heading = regexp.MustCompile(`(?m)^## \[([^]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$`)

// Sections returns the versions of a changelog, newest first.
func Sections(changelog string) []Section {
	var all []Section
	found := heading.FindAllStringSubmatchIndex(changelog, -1)
	part := func(at []int, n int) string {
		if at[2*n] < 0 {
			return ""
		}
		return changelog[at[2*n]:at[2*n+1]]
	}
	for i, at := range found {
		end := len(changelog)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		all = append(all, Section{part(at, 1), part(at, 2), strings.TrimSpace(changelog[at[1]:end])})
	}
	return all
}

var (
	released = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	onItsWay = regexp.MustCompile(`^\d+\.\d+\.\d+-dev$`)
)

// CheckVersion compares a version with the changelog. A release is its newest section, with a date and with what an operator
// must do, and there is nothing unreleased above it. A development version is not among the releases.
func CheckVersion(version, changelog string) error {
	all := Sections(changelog)
	if len(all) == 0 || all[0].Version != "Unreleased" {
		return errors.New("the changelog does not begin with [Unreleased]")
	}
	for _, s := range all[1:] {
		if !released.MatchString(s.Version) || s.Date == "" || !strings.Contains(s.Text, "### What an operator must do") {
			return fmt.Errorf("the section [%s] has no version, no date, or no \"What an operator must do\"", s.Version)
		}
		if onItsWay.MatchString(version) && s.Version+"-dev" == version {
			return fmt.Errorf("VERSION is %s, but %s is released", version, s.Version)
		}
	}
	switch {
	case onItsWay.MatchString(version):
		return nil
	case !released.MatchString(version):
		return fmt.Errorf("VERSION is %q, want a version as 1.2.0 or 1.2.0-dev", version)
	case len(all) < 2 || all[1].Version != version:
		return fmt.Errorf("VERSION is %s, which is not the newest release of the changelog", version)
	case all[0].Text != "":
		return fmt.Errorf("VERSION is %s, but the changelog has something that is not released: VERSION must end in -dev", version)
	}
	return nil
}

// Change is a breaking change of a schema.
type Change struct {
	Path    string `json:"path"` // for example Customer.city
	Message string `json:"message"`
}

// Breaking returns the breaking changes between two schema files, found by GraphQL Inspector.
func Breaking(ctx context.Context, inspector, before, after string) ([]Change, error) {
	out, err := exec.CommandContext(ctx, "node", inspector, before, after).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	if err != nil {
		return nil, err
	}
	var all []Change
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		var c Change
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// Unnamed returns the changes whose path a section of the changelog does not contain between backquotes.
func Unnamed(changes []Change, s Section) []Change {
	var unnamed []Change
	for _, c := range changes {
		if !strings.Contains(s.Text, "`"+c.Path+"`") {
			unnamed = append(unnamed, c)
		}
	}
	return unnamed
}
