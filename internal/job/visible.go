package job

import (
	"context"
	"maps"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/secret"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/viewer"
)

// hidden are parameters that name what only administrators see.
func hidden() []string {
	return []string{"cloudUserId", "accessTokenId", "portalAccountId", "login", "username", "email", "firstName", "lastName",
		"issuer", "subject"}
}

// VisibleParameters returns the parameters of a job as the caller may see them:
// in full for the job's user and for administrators, for others without the
// users, portal accounts and groups that they cannot see elsewhere.
func VisibleParameters(ctx context.Context, client *ent.Client, j *ent.Job) (strictjson.Object, error) {
	v := viewer.FromContext(ctx)
	if v.May(viewer.Administrator) || v != nil && j.UserID != nil && *j.UserID == v.ID {
		return j.Parameters, nil
	}
	shown := maps.Clone(j.Parameters)
	for _, name := range hidden() {
		if _, there := shown[name]; there {
			shown[name] = secret.Redacted
		}
	}
	group, there := shown["cloudUserGroupId"]
	if !there {
		return shown, nil
	}
	text, _ := group.(string)
	id, err := uuid.Parse(text)
	if err != nil {
		return shown, nil
	}
	visible, err := client.CloudUserGroup.Query().Where(cloudusergroup.ID(id)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if !visible {
		shown["cloudUserGroupId"] = secret.Redacted
	}
	return shown, nil
}
