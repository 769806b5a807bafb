package graph

import (
	"maps"

	"github.com/99designs/gqlgen/graphql"
)

// NewSchema returns the executable schema. gqlparser adds @defer to every schema; it is removed because answers are sent in
// one piece.
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
