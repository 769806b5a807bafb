package graph

import "github.com/99designs/gqlgen/graphql"

// NewSchema returns the schema with the resolvers behind it.
func NewSchema(r *Resolver) graphql.ExecutableSchema {
	return NewExecutableSchema(Config{
		Resolvers:  r,
		Directives: DirectiveRoot{Page: page},
	})
}
