//go:build ignore

// Command entc generates the ent package from ent/schema.
package main

import (
	"log"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	ex, err := entgql.NewExtension(entgql.WithWhereInputs(true))
	if err != nil {
		log.Fatalf("entgql: %v", err)
	}
	err = entc.Generate("./schema", &gen.Config{
		Features: []gen.Feature{
			gen.FeaturePrivacy, gen.FeatureUpsert, gen.FeatureModifier,
			gen.FeatureExecQuery, gen.FeatureLock,
		},
		Hooks: []gen.Hook{replaceCollection},
	},
		entc.Extensions(ex),
		entc.TemplateDir("./template"),
	)
	if err != nil {
		log.Fatalf("ent: %v", err)
	}
}
