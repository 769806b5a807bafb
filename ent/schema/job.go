package schema

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/stamp"
	"cloudapi/internal/strictjson"
)

// Job records a change: who, what, when, and how it ended. A job outlives the objects it names, therefore none of its
// columns has a foreign key (ent/migrate).
type Job struct{ ent.Schema }

// Mixin of the Job.
func (Job) Mixin() []ent.Mixin { return []ent.Mixin{mixin.Identity{}} }

// Fields of the Job.
func (Job) Fields() []ent.Field {
	return append(recordFields(), leaseFields()...)
}

func recordFields() []ent.Field {
	return []ent.Field{
		field.String("action").SchemaType(textColumn()).Immutable(),
		field.Enum("status").Values("WAITING", "RUNNING", "DONE", "ERROR"),
		field.String("name").SchemaType(textColumn()).Default("").Validate(optional("name", maxName)),
		field.String("description").SchemaType(textColumn()).Default("").Validate(optional("description", maxText)),
		field.JSON("parameters", strictjson.Object{}).SchemaType(jsonColumn()).Optional(),
		field.JSON("result", strictjson.Object{}).SchemaType(jsonColumn()).Optional(),
		field.String("error").SchemaType(textColumn()).Default(""),
		field.String("user_error_message").SchemaType(textColumn()).Default("").
			Validate(optional("userErrormsg", maxText)),
		field.String("internal_error_message").SchemaType(textColumn()).Default("").
			Validate(optional("internalErrormsg", maxText)),
		field.Time("started_at").Default(stamp.Now).Annotations(entgql.OrderField("STARTED_AT")),
		field.Time("ended_at").Optional().Nillable(),
		field.UUID("user_id", uuid.UUID{}).Optional().Nillable().Immutable().
			Annotations(entgql.MapsTo("userId")),
		field.String("user_login").SchemaType(textColumn()).Default("").Immutable(),
		field.UUID("customer_id", uuid.UUID{}).Optional().Nillable().
			Annotations(entgql.MapsTo("customerId")),
		field.UUID("object_id", uuid.UUID{}).Optional().Nillable().
			Annotations(entgql.MapsTo("objectId")),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable().Immutable().
			Annotations(entgql.MapsTo("parentId")),
	}
}

// leaseFields are for jobs that run in the background: the worker that runs the job and until when, how often it was
// started, how often its server died meanwhile, and its encrypted secrets.
func leaseFields() []ent.Field {
	skip := entgql.Skip(entgql.SkipAll)
	return []ent.Field{
		field.UUID("lease_owner", uuid.UUID{}).Optional().Nillable().Annotations(skip),
		field.Time("lease_until").Optional().Nillable().Annotations(skip),
		field.Int("attempts").Default(0).Annotations(skip),
		field.Int("deaths").Default(0).Annotations(skip),
		field.Time("deadline").Optional().Nillable().Annotations(skip),
		field.Bytes("sealed").Optional().Nillable().Sensitive().Annotations(skip),
	}
}

// Edges of the Job.
func (Job) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", CloudUser.Type).Field("user_id").Unique().Immutable(),
		edge.From("customer", Customer.Type).Ref("jobs").Field("customer_id").Unique(),
		edge.To("children", Job.Type).Annotations(entgql.RelayConnection()).
			From("parent").Field("parent_id").Unique().Immutable(),
	}
}

// Interceptors of the Job: no query needs DISTINCT, and PostgreSQL cannot compare JSON columns for it.
func (Job) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{
		ent.TraverseFunc(func(_ context.Context, q ent.Query) error {
			if jobs, ok := q.(interface{ WithoutDistinct() }); ok {
				jobs.WithoutDistinct()
			}
			return nil
		}),
	}
}

// Indexes of the Job: every filter is combined with the order of creation.
func (Job) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id", "started_at", "id"),
		index.Fields("user_id", "started_at", "id"),
		index.Fields("parent_id", "started_at", "id"),
		index.Fields("action", "started_at", "id"),
		index.Fields("started_at", "id"),
		index.Fields("started_at", "id").StorageKey("job_unfinished").
			Annotations(entsql.IndexWhere("ended_at IS NULL")),
		index.Fields("status", "started_at", "id").
			Annotations(entsql.IndexWhere("status <> 'DONE'")),
	}
}

// Annotations of the Job.
func (Job) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entgql.RelayConnection(),
		entsql.Checks(map[string]string{"job_status": "status IN ('WAITING', 'RUNNING', 'DONE', 'ERROR')"}),
	}
}
