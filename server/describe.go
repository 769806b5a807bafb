package main

import (
	"fmt"
	"log/slog"

	"cloudapi/graph"
	"cloudapi/server/engine"
	"cloudapi/server/rest"
	"cloudapi/server/rest/openapi"
)

// versionCommand prints the version, as --version does.
type versionCommand struct{}

// Run prints it.
func (*versionCommand) Run(e *env) error {
	_, err := fmt.Fprintln(e.out, version())
	return err
}

// schemaCommand prints the schema of the GraphQL API.
type schemaCommand struct{}

// Run prints it.
func (*schemaCommand) Run(e *env) error {
	_, err := e.out.Write(graph.SDL(graph.NewSchema(&graph.Resolver{}).Schema()))
	return err
}

// openapiCommand prints the OpenAPI description of the old URLs.
type openapiCommand struct{}

// Run prints it.
func (*openapiCommand) Run(e *env) error {
	core := engine.New(engine.Options{Schema: graph.NewSchema(&graph.Resolver{}), Log: slog.New(slog.DiscardHandler)})
	old, err := rest.New(rest.Options{Engine: core, Describe: openapi.Describe, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = e.out.Write(append(old.OpenAPI(), '\n'))
	return err
}
