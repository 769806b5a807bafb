package identity

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/document"
	"cloudapi/internal/model"
)

// SerializedUser returns a cloud user in a format of the old API, without its password.
func SerializedUser(u *ent.CloudUser, format model.SerializationFormat) (string, error) {
	return document.Write(document.CloudUser{
		GUID: u.ID, Version: u.Version, CreatedAt: u.CreatedAt, Login: u.Login, Email: u.Email,
		Name: u.Name, FirstName: u.FirstName, LastName: u.LastName, Description: u.Description,
		Address: u.Address, City: u.City, Country: u.Country, PhoneMobile: u.PhoneMobile, PhoneLandline: u.PhoneLandline,
		Status: string(u.Status), System: u.SystemUser,
	}, string(format))
}

// SerializedGroup returns a cloud user group in a format of the old API, with the members that the caller may see.
func SerializedGroup(ctx context.Context, g *ent.CloudUserGroup, format model.SerializationFormat) (string, error) {
	users, err := g.QueryUsers().Order(clouduser.ByID()).IDs(ctx)
	if err != nil {
		return "", err
	}
	groups, err := g.QueryGroups().Order(cloudusergroup.ByID()).IDs(ctx)
	if err != nil {
		return "", err
	}
	return document.Write(document.CloudUserGroup{
		GUID: g.ID, Version: g.Version, CreatedAt: g.CreatedAt, Name: g.Name, Description: g.Description,
		CloudUsers: users, CloudUserGroups: groups,
	}, string(format))
}
