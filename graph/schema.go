package graph

import (
	"maps"

	"github.com/99designs/gqlgen/graphql"
)

// NewSchema returns the schema with the resolvers behind it. gqlparser adds
// @defer to every schema; answers come in one piece here, so it is not offered.
func NewSchema(r *Resolver) graphql.ExecutableSchema {
	schema := *parsedSchema
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return NewExecutableSchema(Config{
		Schema:     &schema,
		Resolvers:  r,
		Directives: DirectiveRoot{Page: page},
	})
}
