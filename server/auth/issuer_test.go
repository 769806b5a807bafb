package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/identity"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
)

// issuer is an OpenID Connect issuer that signs any token for a test.
type issuer struct {
	t   *testing.T
	w   *world
	url string
	key *ecdsa.PrivateKey
}

func newIssuer(t *testing.T, w *world) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	i := &issuer{t: t, w: w, key: key}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	answer := func(path string, value any) {
		mux.HandleFunc(path, func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(out).Encode(value)
		})
	}
	answer("/.well-known/openid-configuration", map[string]any{
		"issuer": i.url, "jwks_uri": i.url + "/keys", "authorization_endpoint": i.url + "/auth", "token_endpoint": i.url + "/token",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
	})
	answer("/keys", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	w.issuer, err = auth.NewIssuer(auth.IssuerOptions{
		URL: i.url, Audience: "cloudapi", LoginClaim: "preferred_username", RoleClaim: "roles", Now: w.clock.now,
	})
	must(t, err)
	return i
}

// token returns a token for a subject, valid for an hour.
func (i *issuer) token(sub, login, role string) string {
	i.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "k"}}, nil)
	must(i.t, err)
	now := i.w.clock.now()
	claims, err := json.Marshal(map[string]any{
		"iss": i.url, "sub": sub, "aud": "cloudapi", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"preferred_username": login, "roles": []string{role},
	})
	must(i.t, err)
	signed, err := signer.Sign(claims)
	must(i.t, err)
	text, err := signed.CompactSerialize()
	must(i.t, err)
	return text
}

func (i *issuer) login(name string) string { return strings.TrimPrefix(i.url, "http://") + ":" + name }

// TestIssuerIsNobodyElse: whatever login a token of an issuer has, it signs in the account of its subject and does not
// affect local users.
func TestIssuerIsNobodyElse(t *testing.T) {
	w := newWorld(t)
	i := newIssuer(t, w)
	s := w.server()
	root, otto := s.user("admin", clouduser.RoleADMINISTRATOR), s.user("otto", clouduser.RoleMEMBER)
	for _, c := range []struct{ sub, login, role string }{
		{"1", "admin", "MEMBER"}, {"2", "ADMIN", "ADMINISTRATOR"}, {"3", "otto", "ADMINISTRATOR"}, {"4", "otto", "OPERATOR"},
	} {
		v, err := s.bearer(i.token(c.sub, c.login, c.role))
		must(t, err)
		if v.ID == root.ID || v.ID == otto.ID || string(v.Role) != c.role || !strings.HasPrefix(v.Login, i.login(c.login)) {
			t.Errorf("%v signs in %+v", c, v)
		}
	}
	for _, u := range []struct {
		id, login string
		role      clouduser.Role
	}{{root.ID.String(), "admin", clouduser.RoleADMINISTRATOR}, {otto.ID.String(), "otto", clouduser.RoleMEMBER}} {
		if now := s.byID(u.id); now.Login != u.login || now.Role != u.role || now.Issuer != nil || now.PasswordHash == "" {
			t.Errorf("a local user has become %+v", now)
		}
	}
	// The subject identifies the account, whatever its name.
	one, err := s.bearer(i.token("5", "ada", "MEMBER"))
	must(t, err)
	w.clock.sleep(time.Minute)
	renamed, err := s.bearer(i.token("5", "ada.lovelace", "MEMBER"))
	must(t, err)
	if one.ID != renamed.ID {
		t.Error("a new name is a new account")
	}
	another, err := s.bearer(i.token("6", "ada", "MEMBER"))
	must(t, err)
	if another.ID == one.ID {
		t.Error("the same name is the same account")
	}
	_, err = s.bearer(i.token("", "ada", "MEMBER"))
	want(t, "no subject", err, fault.Unauthenticated)
}

// TestPersonalTokensFollowTheIssuer: a personal token grants no more than the newest token of the issuer, and nothing once
// that is too old.
func TestPersonalTokensFollowTheIssuer(t *testing.T) {
	w := newWorld(t)
	i := newIssuer(t, w)
	s := w.server()
	s.user("root", clouduser.RoleADMINISTRATOR)
	wide := i.token("1", "ada", "ADMINISTRATOR")
	v, err := s.bearer(wide)
	must(t, err)
	personal, err := s.sessions.CreateToken(viewer.NewContext(t.Context(), v), model.CreateAccessTokenInput{Name: "ci", Scope: "FULL"})
	must(t, err)
	role := func(when string, want viewer.Role) {
		t.Helper()
		v, err := s.bearer(personal.Token)
		must(t, err)
		if v.Role != want {
			t.Errorf("%s the token is %s", when, v.Role)
		}
	}
	role("at first", viewer.Administrator)

	w.clock.sleep(time.Minute)
	v, err = s.bearer(i.token("1", "ada", "MEMBER"))
	must(t, err)
	if v.Role != viewer.Member {
		t.Errorf("the new token is %s", v.Role)
	}
	role("after a narrower word", viewer.Member)
	// An older token that is still valid does not widen the role again.
	w.clock.sleep(auth.AccountTTL)
	if v, err = s.bearer(wide); err != nil || v.Role != viewer.Member {
		t.Errorf("the older token: %v, %v", v, err)
	}
	role("after an older token", viewer.Member)

	w.clock.sleep(time.Minute)
	none := i.token("1", "ada", "nothing")
	_, err = s.bearer(none)
	want(t, "without a role", err, fault.Forbidden)
	_, err = s.bearer(personal.Token)
	want(t, "personal token after a word without a role", err, fault.Unauthenticated)
	w.clock.sleep(auth.AccountTTL)
	_, err = s.bearer(wide)
	want(t, "an older token after a word without a role", err, fault.Forbidden)

	w.clock.sleep(time.Minute)
	_, err = s.bearer(i.token("1", "ada", "OPERATOR"))
	must(t, err)
	role("after a new word", viewer.Operator)
	w.clock.sleep(w.roleTime + 2*time.Hour)
	_, err = s.bearer(personal.Token)
	want(t, "long after the last word", err, fault.Unauthenticated)
}

// TestLinking: only an administrator can link a user to an account of an issuer. A user with a password keeps its role; its
// tokens of the issuer grant no more.
func TestLinking(t *testing.T) {
	w := newWorld(t)
	i := newIssuer(t, w)
	s := w.server()
	s.user("root", clouduser.RoleADMINISTRATOR)
	ada := s.user("ada", clouduser.RoleOPERATOR)
	_, err := s.bearer(i.token("taken", "x", "MEMBER"))
	must(t, err)
	link := func(sub string) error {
		_, err := s.Link(system(t), model.LinkCloudUserInput{CloudUserID: ada.ID, Issuer: i.url, Subject: sub})
		return err
	}
	want(t, "an account that another user has", link("taken"), fault.Conflict)
	must(t, link("ada"))
	for given, gets := range map[string]viewer.Role{"ADMINISTRATOR": viewer.Operator, "MEMBER": viewer.Member} {
		v, err := s.bearer(i.token("ada", "whoever", given))
		must(t, err)
		if v.ID != ada.ID || v.Role != gets {
			t.Errorf("with %s: %+v", given, v)
		}
	}
	if now := s.byID(ada.ID.String()); now.Role != clouduser.RoleOPERATOR {
		t.Errorf("the user's own role is %s", now.Role)
	}
	_, err = s.Unlink(system(t), model.UnlinkCloudUserInput{CloudUserID: ada.ID})
	must(t, err)
	w.clock.sleep(auth.AccountTTL)
	v, err := s.bearer(i.token("ada", "whoever", "MEMBER"))
	must(t, err)
	if v.ID == ada.ID {
		t.Error("an unlinked user is signed in")
	}
}

// TestMergedAreListed: an administrator gets a list of the users that tokens of an issuer made or changed before issuers had
// separate accounts, and can link them to an issuer.
func TestMergedAreListed(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("root", clouduser.RoleADMINISTRATOR)
	w.client.CloudUser.Create().SetLogin("old").SetLoginFold("old").SaveX(system(t))
	changed := s.user("changed", clouduser.RoleMEMBER)
	role := clouduser.RoleOPERATOR
	_, err := s.UpdateUser(system(t), model.UpdateCloudUserInput{CloudUserID: changed.ID, Role: &role})
	must(t, err)
	merged, err := s.ListMerged(system(t))
	must(t, err)
	logins := func(all []identity.Merged) (names []string) {
		for _, m := range all {
			names = append(names, m.User.Login)
		}
		return names
	}
	if got := strings.Join(logins(merged), " "); got != "changed old" {
		t.Errorf("listed are: %s", got)
	}
}
