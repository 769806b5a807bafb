// Command generator generates the package ent from ent/schema. Run it by go generate ./ent.
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
		templates,
	)
	if err != nil {
		log.Fatalf("ent: %v", err)
	}
}

// templates adds our templates after entgql's; some of them replace one of entgql's.
func templates(c *gen.Config) error {
	ours, err := gen.NewTemplate("cloudapi").Funcs(entgql.TemplateFuncs).ParseDir("./generator/template")
	c.Templates = append(c.Templates, ours)
	return err
}
