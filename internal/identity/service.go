// Package identity changes cloud users, their passwords and groups, and the accounts of the embedded portal. Signing in is
// in package session.
package identity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/session"
	"cloudapi/internal/textrule"
)

// Passwords hashes and verifies passwords.
type Passwords interface {
	Hash(ctx context.Context, password secret.Text) (string, error)
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
}

// Service makes the changes of users, groups and portal accounts.
type Service struct {
	Client    *ent.Client
	Jobs      *job.Recorder
	Passwords Passwords
	// Verify checks a password with the limits of signing in.
	Verify session.Verify
	// Changed is called when a user's credentials, role or status have changed.
	Changed func(ctx context.Context, userID uuid.UUID)
}

// CreateUser creates a cloud user.
func (s *Service) CreateUser(ctx context.Context, in model.CreateCloudUserInput) (*model.CreateCloudUserPayload, error) {
	out := &model.CreateCloudUserPayload{}
	var hash string
	// The password is hashed before the transaction begins.
	prepare := func(ctx context.Context, _ job.BeforeTx, _ uuid.UUID) (err error) {
		err = joinFaults(newUser(s.Client, in).Mutation(),
			textrule.Login("login", in.Login, textrule.MaxName), password.Check("password", in.Password))
		if err == nil {
			hash, err = s.Passwords.Hash(ctx, in.Password)
		}
		return err
	}
	change := s.newUserChange("createCloudUser", in, in.Execution, newUser(s.Client, in).Mutation())
	change.Before = prepare
	return job.Run(ctx, s.Jobs, change, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
			out.CloudUser, err = newUser(tx, in).SetPasswordHash(hash).Save(ctx)
			if err == nil {
				r.ObjectID = out.CloudUser.ID
			}
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "Clouduser with login '%s' already exists", in.Login).On("login").Because(err)
			}
			return err
		}, job.RowAt(&out.CloudUser))
}

func newUser(client *ent.Client, in model.CreateCloudUserInput) *ent.CloudUserCreate {
	return client.CloudUser.Create().
		SetLogin(in.Login).SetLoginFold(textrule.Fold(in.Login)).
		SetNillableEmail(in.Email).SetNillableFirstName(in.FirstName).SetNillableLastName(in.LastName).
		SetNillableName(in.Name).SetNillableDescription(in.Description).
		SetNillableAddress(in.Address).SetNillableCity(in.City).SetNillableCountry(in.Country).
		SetNillablePhoneMobile(in.PhoneMobile).SetNillablePhoneLandline(in.PhoneLandline).
		SetNillableSystemUser(in.SystemUser).SetNillableRole(in.Role)
}

// UpdateUser changes the given properties of a user.
func (s *Service) UpdateUser(ctx context.Context, in model.UpdateCloudUserInput) (*model.UpdateCloudUserPayload, error) {
	out := &model.UpdateCloudUserPayload{}
	change := s.newUserChange("updateCloudUser", in, in.Execution, s.Client.CloudUser.UpdateOneID(in.CloudUserID).Mutation())
	change.OnlyWrites = in.Role == nil && in.Status == nil // other changes check the last administrator
	return changeUser(ctx, s, change, in.CloudUserID, in.ExpectedVersion,
		func(_ context.Context, _ *ent.Client, up *ent.CloudUserUpdateOne) error {
			textrule.Set(in.Email, up.SetEmail)
			textrule.Set(in.FirstName, up.SetFirstName)
			textrule.Set(in.LastName, up.SetLastName)
			textrule.Set(in.Name, up.SetName)
			textrule.Set(in.Description, up.SetDescription)
			textrule.Set(in.Address, up.SetAddress)
			textrule.Set(in.City, up.SetCity)
			textrule.Set(in.Country, up.SetCountry)
			textrule.Set(in.PhoneMobile, up.SetPhoneMobile)
			textrule.Set(in.PhoneLandline, up.SetPhoneLandline)
			up.SetNillableRole(in.Role).SetNillableStatus(in.Status)
			return nil
		}, out, &out.CloudUser, &out.Job)
}

// SetStatus sets the status of a user.
func (s *Service) SetStatus(ctx context.Context, in model.SetCloudUserStatusInput) (*model.SetCloudUserStatusPayload, error) {
	out := &model.SetCloudUserStatusPayload{}
	change := s.newUserChange("setCloudUserStatus", in, in.Execution, s.Client.CloudUser.UpdateOneID(in.CloudUserID).Mutation())
	change.OnlyWrites = in.Status != clouduser.StatusDISABLED // it checks the last administrator
	return changeUser(ctx, s, change, in.CloudUserID, in.ExpectedVersion,
		func(_ context.Context, _ *ent.Client, up *ent.CloudUserUpdateOne) error {
			up.SetStatus(in.Status)
			return nil
		}, out, &out.CloudUser, &out.Job)
}

// SetAdministrator makes a user an administrator, or a member again.
func (s *Service) SetAdministrator(ctx context.Context, in model.SetCloudUserAdministratorInput) (*model.SetCloudUserAdministratorPayload, error) {
	role := clouduser.RoleMEMBER
	if in.Administrator {
		role = clouduser.RoleADMINISTRATOR
	}
	out := &model.SetCloudUserAdministratorPayload{}
	change := s.newUserChange("setCloudUserAdministrator", in, in.Execution, s.Client.CloudUser.UpdateOneID(in.CloudUserID).Mutation())
	return changeUser(ctx, s, change, in.CloudUserID, in.ExpectedVersion,
		func(_ context.Context, _ *ent.Client, up *ent.CloudUserUpdateOne) error {
			up.SetRole(role)
			return nil
		}, out, &out.CloudUser, &out.Job)
}

// userEdit sets what a change of a user changes.
type userEdit func(context.Context, *ent.Client, *ent.CloudUserUpdateOne) error

// changeUser changes one user in one statement, and then calls Changed. It fails with CONFLICT if the user has another version
// than expected.
func changeUser[P any](ctx context.Context, s *Service, c job.Change, id uuid.UUID, expected *uuid.UUID, edit userEdit,
	payload *P, changed **ent.CloudUser, done **ent.Job,
) (*P, error) {
	c.ObjectID = &id
	return job.Run(ctx, s.Jobs, c, payload, done, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		up := tx.CloudUser.UpdateOneID(id)
		if expected != nil {
			up.Where(clouduser.Version(*expected))
		}
		if err := edit(ctx, tx, up); err != nil {
			return err
		}
		*changed, err = up.Save(ctx)
		return staleUserError(ctx, tx, err, id, expected)
	}, s.changed(id), job.RowAt(changed))
}

// changed calls Changed after a change of a user.
func (s *Service) changed(id uuid.UUID) job.After {
	return func(ctx context.Context) { s.Changed(ctx, id) }
}

// DeleteUser deletes a user with its tokens and memberships.
func (s *Service) DeleteUser(ctx context.Context, in model.DeleteCloudUserInput) (*model.DeleteCloudUserPayload, error) {
	out := &model.DeleteCloudUserPayload{CloudUserID: in.CloudUserID}
	change := s.newUserChange("deleteCloudUser", in, in.Execution, s.Client.CloudUser.UpdateOneID(in.CloudUserID).Mutation())
	change.ObjectID = &in.CloudUserID
	return job.Run(ctx, s.Jobs, change, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			del := tx.CloudUser.DeleteOneID(in.CloudUserID)
			if in.ExpectedVersion != nil {
				del.Where(clouduser.Version(*in.ExpectedVersion))
			}
			// Groups whose forms show the user get a new version.
			err := tx.CloudUserGroup.Update().Where(cloudusergroup.HasUsersWith(clouduser.ID(in.CloudUserID))).Exec(ctx)
			if err != nil {
				return err
			}
			return staleUserError(ctx, tx, del.Exec(ctx), in.CloudUserID, in.ExpectedVersion)
		}, s.changed(in.CloudUserID))
}

// newUserChange returns a change of a user.
func (s *Service) newUserChange(action string, input any, ex *model.ExecutionInput, m ent.Mutation) job.Change {
	return job.Change{Action: action, Input: input, Execution: ex, Authorize: job.ByPolicy(clouduser.Policy, m)}
}

// staleUserError returns why an update found no user: it does not exist, or has another version.
func staleUserError(ctx context.Context, tx *ent.Client, err error, id uuid.UUID, expected *uuid.UUID) error {
	return ent.Stale(ctx, err, "clouduser", id, expected, tx.CloudUser.Get, func(u *ent.CloudUser) uuid.UUID { return u.Version })
}
