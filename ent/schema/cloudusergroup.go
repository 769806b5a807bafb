package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"cloudapi/ent/schema/mixin"
)

// CloudUserGroup links cloud users to the customers they may read. A group may have groups as members; their users are
// also users of this group.
type CloudUserGroup struct{ ent.Schema }

// Mixin of the CloudUserGroup.
func (CloudUserGroup) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.Identity{}, mixin.Version{Later: true}, mixin.Created{}, mixin.Folded{Columns: []string{"name"}}}
}

// Fields of the CloudUserGroup.
func (CloudUserGroup) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").SchemaType(textColumn()).Validate(optional("name", maxName)).
			Annotations(bytewise(), entgql.OrderField("NAME")),
		field.String("description").SchemaType(textColumn()).Default("").Validate(optional("description", maxText)),
	}
}

// Edges of the CloudUserGroup.
func (CloudUserGroup) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customers", Customer.Type).Ref("cloud_user_groups").
			Annotations(entgql.RelayConnection()),
		edge.To("users", CloudUser.Type).
			StorageKey(edge.Table("cloud_user_group_users"), edge.Columns("cloud_user_group_id", "cloud_user_id")).
			Annotations(entgql.RelayConnection()),
		// The groups that contain this one. This edge must come before its inverse: ent treats an edge to its own type that
		// comes first as symmetric.
		edge.From("member_of", CloudUserGroup.Type).Ref("groups").
			Annotations(entgql.MapsTo("memberOf"), entgql.RelayConnection()),
		// The groups that are members of this one. internal/identity prevents circles.
		edge.To("groups", CloudUserGroup.Type).
			StorageKey(edge.Table("cloud_user_group_groups"), edge.Columns("cloud_user_group_id", "member_id")).
			Annotations(entgql.RelayConnection()),
	}
}

// Indexes of the CloudUserGroup.
func (CloudUserGroup) Indexes() []ent.Index {
	return []ent.Index{index.Fields("name", "id"), index.Fields("created_at", "id"), index.Fields("name_fold", "id")}
}

// Annotations of the CloudUserGroup.
func (CloudUserGroup) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}
