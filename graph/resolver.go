// Package graph is the GraphQL face: one call for each field that needs one.
package graph

// Resolver holds what the resolvers call.
type Resolver struct{}
