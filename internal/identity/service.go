// Package identity has the verbs for who signs in and what they belong to:
// cloud users, their groups and tokens, and the accounts of the embedded
// portal.
package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Passwords hashes and verifies passwords.
type Passwords interface {
	Hash(ctx context.Context, password secret.Text) (string, error)
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
}

// SignIn checks a login with its password, throttled as every sign-in is, and
// returns the guid of the user.
type SignIn func(ctx context.Context, login string, password secret.Text) (uuid.UUID, error)

// Service makes the changes of the directory.
type Service struct {
	Client    *ent.Client
	Jobs      *job.Recorder
	Passwords Passwords
	SignInBy  SignIn
	// Changed hears that a user's credentials, role or status have changed.
	Changed func(ctx context.Context, userID uuid.UUID)
	// SessionTime is how long a session lasts.
	SessionTime time.Duration
}

// CreateUser makes a cloud user.
func (s *Service) CreateUser(ctx context.Context, in model.CreateCloudUserInput) (*model.CreateCloudUserPayload, error) {
	out := &model.CreateCloudUserPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: "createCloudUser", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, r *job.Record) error {
			row := tx.CloudUser.Create().
				SetLogin(in.Login).SetLoginFold(textrule.Fold(in.Login)).
				SetNillableEmail(in.Email).SetNillableFirstName(in.FirstName).SetNillableLastName(in.LastName).
				SetNillableName(in.Name).SetNillableDescription(in.Description).
				SetNillableAddress(in.Address).SetNillableCity(in.City).SetNillableCountry(in.Country).
				SetNillablePhoneMobile(in.PhoneMobile).SetNillablePhoneLandline(in.PhoneLandline).
				SetNillableSystemUser(in.SystemUser).SetNillableRole(in.Role)
			if err := clouduser.Policy.EvalMutation(ctx, row.Mutation()); err != nil {
				return err
			}
			hash, err := s.hash(ctx, "password", in.Password)
			if err != nil {
				return err
			}
			out.CloudUser, err = row.SetPasswordHash(hash).Save(ctx)
			if err == nil {
				r.ObjectID = out.CloudUser.ID
			}
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "Clouduser with login '%s' already exists", in.Login).On("login").Because(err)
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	out.CloudUser = job.Settled(ctx, out.CloudUser)
	return out, nil
}

// UpdateUser changes what is given of a user.
func (s *Service) UpdateUser(ctx context.Context, in model.UpdateCloudUserInput) (*model.UpdateCloudUserPayload, error) {
	out := &model.UpdateCloudUserPayload{}
	var err error
	out.CloudUser, out.Job, err = s.changeUser(ctx,
		job.Change{Action: "updateCloudUser", Input: in, Execution: in.Execution}, in.CloudUserID,
		func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
			setText(in.Email, up.SetEmail)
			setText(in.FirstName, up.SetFirstName)
			setText(in.LastName, up.SetLastName)
			setText(in.Name, up.SetName)
			setText(in.Description, up.SetDescription)
			setText(in.Address, up.SetAddress)
			setText(in.City, up.SetCity)
			setText(in.Country, up.SetCountry)
			setText(in.PhoneMobile, up.SetPhoneMobile)
			setText(in.PhoneLandline, up.SetPhoneLandline)
			up.SetNillableRole(in.Role).SetNillableStatus(in.Status)
			if loses(in) {
				return ensureAnotherAdministrator(ctx, tx, in.CloudUserID)
			}
			return nil
		})
	return out, err
}

// SetStatus sets the status of a user.
func (s *Service) SetStatus(ctx context.Context, in model.SetCloudUserStatusInput) (*model.SetCloudUserStatusPayload, error) {
	out := &model.SetCloudUserStatusPayload{}
	var err error
	out.CloudUser, out.Job, err = s.setStanding(ctx,
		job.Change{Action: "setCloudUserStatus", Input: in, Execution: in.Execution},
		model.UpdateCloudUserInput{CloudUserID: in.CloudUserID, Status: &in.Status})
	return out, err
}

// SetAdministrator makes a user an administrator, or a member again.
func (s *Service) SetAdministrator(ctx context.Context, in model.SetCloudUserAdministratorInput) (*model.SetCloudUserAdministratorPayload, error) {
	role := clouduser.RoleMEMBER
	if in.Administrator {
		role = clouduser.RoleADMINISTRATOR
	}
	out := &model.SetCloudUserAdministratorPayload{}
	var err error
	out.CloudUser, out.Job, err = s.setStanding(ctx,
		job.Change{Action: "setCloudUserAdministrator", Input: in, Execution: in.Execution},
		model.UpdateCloudUserInput{CloudUserID: in.CloudUserID, Role: &role})
	return out, err
}

// setStanding sets the role or the status of a user.
func (s *Service) setStanding(ctx context.Context, c job.Change, in model.UpdateCloudUserInput) (*ent.CloudUser, *ent.Job, error) {
	return s.changeUser(ctx, c, in.CloudUserID, func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
		up.SetNillableRole(in.Role).SetNillableStatus(in.Status)
		if loses(in) {
			return ensureAnotherAdministrator(ctx, tx, in.CloudUserID)
		}
		return nil
	})
}

// setText sets a text that is given; an explicit null blanks it.
func setText[U any](given interface{ ValueOK() (*string, bool) }, set func(string) U) {
	if value, ok := given.ValueOK(); ok && value != nil {
		set(*value)
	} else if ok {
		set("")
	}
}

func loses(in model.UpdateCloudUserInput) bool {
	return (in.Role != nil && *in.Role != clouduser.RoleADMINISTRATOR) ||
		(in.Status != nil && *in.Status == clouduser.StatusDISABLED)
}

// changeUser changes one user in one guarded statement.
func (s *Service) changeUser(ctx context.Context, c job.Change, id uuid.UUID,
	edit func(context.Context, *ent.Client, *ent.CloudUserUpdateOne) error,
) (*ent.CloudUser, *ent.Job, error) {
	var changed *ent.CloudUser
	c.ObjectID = id
	done, err := s.Jobs.Do(ctx, c, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		up := tx.CloudUser.UpdateOneID(id)
		if err := edit(ctx, tx, up); err != nil {
			return err
		}
		changed, err = up.Save(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing("clouduser", id)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	s.Changed(ctx, id)
	return job.Settled(ctx, changed), done, nil
}

// ensureAnotherAdministrator refuses to take the last administrator who can sign in away.
func ensureAnotherAdministrator(ctx context.Context, tx *ent.Client, id uuid.UUID) error {
	another, err := tx.CloudUser.Query().Where(
		clouduser.IDNEQ(id), clouduser.RoleEQ(clouduser.RoleADMINISTRATOR), clouduser.StatusNEQ(clouduser.StatusDISABLED),
	).Exist(ctx)
	if err != nil || another {
		return err
	}
	is, err := tx.CloudUser.Query().Where(
		clouduser.ID(id), clouduser.RoleEQ(clouduser.RoleADMINISTRATOR)).Exist(ctx)
	if err == nil && is {
		err = fault.New(fault.Conflict, "The last administrator must stay").On("cloudUserId")
	}
	return err
}

// DeleteUser deletes a user with its tokens and memberships.
func (s *Service) DeleteUser(ctx context.Context, in model.DeleteCloudUserInput) (*model.DeleteCloudUserPayload, error) {
	done, err := s.Jobs.Do(ctx, job.Change{Action: "deleteCloudUser", Input: in, Execution: in.Execution, ObjectID: in.CloudUserID},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			gone := tx.CloudUser.DeleteOneID(in.CloudUserID)
			if !viewer.FromContext(ctx).May(viewer.Administrator) {
				return forbidden()
			}
			if err := ensureAnotherAdministrator(ctx, tx, in.CloudUserID); err != nil {
				return err
			}
			// The groups that show the user have another version afterwards.
			err := tx.CloudUserGroup.Update().Where(cloudusergroup.HasUsersWith(clouduser.ID(in.CloudUserID))).Exec(ctx)
			if err != nil {
				return err
			}
			err = gone.Exec(ctx)
			if ent.IsNotFound(err) {
				return fault.Missing("clouduser", in.CloudUserID)
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	s.Changed(ctx, in.CloudUserID)
	return &model.DeleteCloudUserPayload{CloudUserID: in.CloudUserID, Job: done}, nil
}
