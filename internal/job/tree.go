package job

import (
	"context"
	"encoding/json"
	"math"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/predicate"
	"cloudapi/internal/document"
	"cloudapi/internal/model"
)

// maxTree is the maximum number of jobs in a tree.
const maxTree = 1000

// Tree returns a job and all jobs below it, each after its parent, siblings in the order of their start. It takes one
// statement, however deep the tree is.
func Tree(ctx context.Context, client *ent.Client, root *ent.Job) ([]*ent.Job, error) {
	// The loaded edges of root belong to the fields beside the tree.
	alone := *root
	alone.Edges = ent.JobEdges{}
	found, err := client.Job.Query().Where(below(root.ID)).Order(job.ByStartedAt(), job.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	children := map[uuid.UUID][]*ent.Job{}
	for _, j := range found {
		if j.ID != root.ID { // in a circle of parents, a job is below itself
			children[*j.ParentID] = append(children[*j.ParentID], j)
		}
	}
	return depthFirst(nil, &alone, children), nil
}

// below selects the first jobs below a job, at most maxTree with it. UNION drops a job that was found before, which ends a circle of
// parents.
func below(root uuid.UUID) predicate.Job {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(job.FieldID)).WriteString(" IN (WITH RECURSIVE tree(id) AS (SELECT ")
			b.Ident(job.FieldID).WriteString(" FROM ").Ident(job.Table).WriteString(" WHERE ").Ident(job.FieldParentID).WriteString(" = ").Arg(root)
			b.WriteString(" UNION SELECT child.id FROM ").Ident(job.Table).WriteString(" child JOIN tree ON child.parent_id = tree.id) SELECT id FROM tree LIMIT ").Arg(maxTree - 1)
			b.WriteString(")")
		}))
	}
}

func depthFirst(all []*ent.Job, j *ent.Job, children map[uuid.UUID][]*ent.Job) []*ent.Job {
	all = append(all, j)
	for _, child := range children[j.ID] {
		all = depthFirst(all, child, children)
	}
	return all
}

// Order returns the index of a job among the children of its parent, 0 for one without a parent.
func Order(ctx context.Context, client *ent.Client, j *ent.Job) (int, error) {
	if j.ParentID == nil {
		return 0, nil
	}
	return client.Job.Query().Where(job.ParentID(*j.ParentID), job.Or(
		job.StartedAtLT(j.StartedAt), job.And(job.StartedAt(j.StartedAt), job.IDLTE(j.ID)),
	)).Count(ctx)
}

// NamedBy selects the jobs whose action has the old API's name.
func NamedBy(name string) predicate.Job { return job.ActionIn(Actions(name)...) }

// Serialized returns a job in a format of the old API, without a version.
func Serialized(ctx context.Context, client *ent.Client, j *ent.Job, format model.SerializationFormat) (string, error) {
	order, err := Order(ctx, client, j)
	if err != nil {
		return "", err
	}
	doc := document.Job{
		GUID: j.ID, CreatedAt: j.StartedAt, Name: j.Name, Description: j.Description,
		ActionName: ActionName(j.Action), UserErrorMessage: j.UserErrorMessage, InternalErrorMessage: j.InternalErrorMessage,
		ParentID: j.ParentID, Status: string(j.Status), StartedAt: j.StartedAt, CloudUserID: j.UserID,
		Order: int64(order), Log: j.Error, RootObjectType: ObjectType(j.Action), RootObjectID: j.ObjectID,
	}
	if j.EndedAt != nil {
		doc.EndedAt = *j.EndedAt
	}
	if j.Deadline != nil {
		doc.MaxDuration = int64(math.Ceil(j.Deadline.Sub(j.StartedAt).Seconds()))
	}
	parameters, err := VisibleParameters(ctx, client, j)
	if err != nil {
		return "", err
	}
	if len(parameters) > 0 {
		text, err := json.Marshal(parameters)
		if err != nil {
			return "", err
		}
		doc.Parameters = string(text)
	}
	return document.Write(doc, string(format))
}
