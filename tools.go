//go:build tools

// Package cloudapi pins the generators that go generate runs.
package cloudapi

import (
	_ "entgo.io/contrib/entgql"
	_ "entgo.io/ent/entc"
	_ "github.com/99designs/gqlgen"
	_ "golang.org/x/tools/imports"
)
