package job

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/rule"
	"cloudapi/internal/secret"
	"cloudapi/internal/strictjson"
)

// administratorOnly returns the parameters that name objects only administrators see.
func administratorOnly() []string {
	return []string{"cloudUserId", "accessTokenId", "portalAccountId", "login", "username", "email", "firstName", "lastName",
		"issuer", "subject"}
}

// VisibleParameters returns the parameters of a job that the caller may see: all of them for the job's user and for
// administrators; for others without users, portal accounts and groups that they cannot see elsewhere.
func VisibleParameters(ctx context.Context, client *ent.Client, j *ent.Job) (strictjson.Object, error) {
	if rule.IsOwnJob(ctx, j) {
		return j.Parameters, nil
	}
	shown := maps.Clone(j.Parameters)
	for _, name := range administratorOnly() {
		if _, ok := shown[name]; ok {
			shown[name] = secret.Redacted
		}
	}
	if group, ok := shown["cloudUserGroupId"]; ok {
		groups, err := visibleGroups(ctx, client, []any{group})
		if err != nil {
			return nil, err
		}
		shown["cloudUserGroupId"] = groups[0]
	}
	if list, ok := shown["cloudUserGroupIds"].([]any); ok {
		groups, err := visibleGroups(ctx, client, list)
		if err != nil {
			return nil, err
		}
		shown["cloudUserGroupIds"] = groups
	}
	return shown, nil
}

// VisibleResult returns the result of a job if the caller may see it, nil otherwise.
func VisibleResult(ctx context.Context, j *ent.Job) strictjson.Object {
	if !rule.MaySeeResult(ctx, j) {
		return nil
	}
	return j.Result
}

// visibleGroups replaces the guids of groups that the caller cannot see by a placeholder. It keeps values that are not
// guids.
func visibleGroups(ctx context.Context, client *ent.Client, guids []any) ([]any, error) {
	named := map[uuid.UUID]bool{}
	for _, guid := range guids {
		text, _ := guid.(string)
		if id, err := uuid.Parse(text); err == nil {
			named[id] = true
		}
	}
	if len(named) == 0 {
		return guids, nil
	}
	visible, err := client.CloudUserGroup.Query().Where(cloudusergroup.IDIn(slices.Collect(maps.Keys(named))...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	shown := slices.Clone(guids)
	for i, guid := range guids {
		text, _ := guid.(string)
		if id, err := uuid.Parse(text); err == nil && !slices.Contains(visible, id) {
			shown[i] = secret.Redacted
		}
	}
	return shown, nil
}
