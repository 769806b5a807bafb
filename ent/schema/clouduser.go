package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"cloudapi/ent/rule"
	"cloudapi/ent/schema/mixin"
)

// CloudUser is a person or program that signs in.
type CloudUser struct{ ent.Schema }

// Mixin of the CloudUser.
func (CloudUser) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.Identity{}, mixin.Version{}, mixin.Created{}, mixin.Folded{Columns: []string{"name", "email"}}}
}

// Fields of the CloudUser.
func (CloudUser) Fields() []ent.Field {
	return []ent.Field{
		field.String("login").SchemaType(textColumn()).Validate(name("login", maxName)).
			Annotations(bytewise(), entgql.OrderField("LOGIN")),
		// The login with its case folded. It is unique.
		field.String("login_fold").SchemaType(textColumn()).Unique().
			Annotations(bytewise(), entgql.Skip(entgql.SkipAll)),
		field.String("email").SchemaType(textColumn()).Default("").Validate(optional("email", maxName)),
		field.String("first_name").SchemaType(textColumn()).Default("").Validate(optional("firstName", maxName)),
		field.String("last_name").SchemaType(textColumn()).Default("").Validate(optional("lastName", maxName)),
		field.String("name").SchemaType(textColumn()).Default("").Validate(optional("name", maxName)).Annotations(bytewise()),
		field.String("description").SchemaType(textColumn()).Default("").Validate(optional("description", maxText)),
		field.String("address").SchemaType(textColumn()).Default("").Validate(optional("address", maxText)),
		field.String("city").SchemaType(textColumn()).Default("").Validate(optional("city", maxText)),
		field.String("country").SchemaType(textColumn()).Default("").Validate(optional("country", maxText)),
		field.String("phone_mobile").SchemaType(textColumn()).Default("").Validate(optional("phoneMobile", maxName)),
		field.String("phone_landline").SchemaType(textColumn()).Default("").Validate(optional("phoneLandline", maxName)),
		field.Bool("system_user").Default(false).
			Annotations(entgql.MapsTo("systemUser")),
		field.Enum("role").Values("ADMINISTRATOR", "OPERATOR", "MEMBER").Default("MEMBER"),
		field.Enum("status").Values("CREATED", "CONFIGURED", "DISABLED").Default("CREATED"),
		// True if the password breaks the rules for new passwords. Only an import sets it.
		field.Bool("password_is_weak").Default(false).
			Annotations(entgql.MapsTo("passwordIsWeak")),
		// The user's account at an OpenID Connect issuer: both claims, or neither.
		field.String("issuer").SchemaType(textColumn()).Optional().Nillable().Validate(name("issuer", maxName)),
		field.String("subject").SchemaType(textColumn()).Optional().Nillable().Validate(name("subject", maxName)).
			Annotations(bytewise()),
		// When the issuer issued the last token that this server has seen, and until when the role in it applies to personal
		// access tokens.
		field.Time("role_stated_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.Time("role_valid_until").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.String("password_hash").SchemaType(textColumn()).Default("").Sensitive().
			Annotations(entgql.Skip(entgql.SkipAll)),
	}
}

// Edges of the CloudUser.
func (CloudUser) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("groups", CloudUserGroup.Type).Ref("users").
			Annotations(entgql.RelayConnection()),
		edge.To("access_tokens", AccessToken.Type).
			Annotations(entsql.OnDelete(entsql.Cascade), entgql.RelayConnection()),
	}
}

// Indexes of the CloudUser.
func (CloudUser) Indexes() []ent.Index {
	return []ent.Index{index.Fields("issuer", "subject").Unique(), index.Fields("login", "id"), index.Fields("created_at", "id"), index.Fields("name_fold", "id")}
}

// Hooks of the CloudUser.
func (CloudUser) Hooks() []ent.Hook {
	return []ent.Hook{rule.KeepAdministrator(), rule.KeepIssuersRole()}
}

// Annotations of the CloudUser.
func (CloudUser) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entgql.RelayConnection(),
		entsql.Checks(map[string]string{
			"cloud_user_role":   "role IN ('ADMINISTRATOR', 'OPERATOR', 'MEMBER')",
			"cloud_user_status": "status IN ('CREATED', 'CONFIGURED', 'DISABLED')",
		}),
	}
}
