package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cloudapi/ent/accesstoken"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// bearer opens a socket with a token and starts a subscription.
func bearer(t *testing.T, url, id, token string) *socket {
	t.Helper()
	s := dial(t, url, nil, "graphql-transport-ws")
	s.send(`{"type":"connection_init","payload":{"Authorization":"Bearer %s"}}`, token)
	s.expect("connection_ack", "")
	s.subscribe("1", `subscription { customer(id: "`+id+`") { name } }`)
	s.expect("next", "customer")
	return s
}

// ends waits until a socket is closed because of its credentials, and logs how long that took.
func ends(t *testing.T, s *socket, since time.Time, reason string) {
	t.Helper()
	code, text := s.closed()
	if code != 4403 || !strings.Contains(text, reason) {
		t.Errorf("closed with %d: %s", code, text)
	}
	t.Logf("%v after %q", time.Since(since).Round(time.Millisecond), reason)
}

// TestExpiredTokensStreamsEnd: a token's streams end when it expires.
func TestExpiredTokensStreamsEnd(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url, id := listen(t, a), a.Customer(t, "customer")
		token := tokenOf(t, a, apitest.Operator, "FULL")
		expiry := time.Now().Add(2 * time.Second)
		if _, err := a.Client.ExecContext(t.Context(), "UPDATE access_tokens SET expires_at = $1 WHERE user_id = $2", expiry, a.UserID(t, apitest.Operator)); err != nil {
			t.Fatal(err)
		}
		s := bearer(t, url, id, token)
		ends(t, s, expiry, "expired")
		if early := time.Until(expiry); early > 0 {
			t.Errorf("the stream ends %v early", early)
		}
	})
}

// TestRevokedTokensStreamsEnd: on the server that revokes it and on another one; the streams of other tokens continue.
func TestRevokedTokensStreamsEnd(t *testing.T) {
	a := apitest.New(t, pgtest.URL(t))
	other := apitest.Open(t, a.URL)
	url, id := listen(t, a), a.Customer(t, "customer")
	away := listen(t, other)
	kept := bearer(t, away, id, tokenOf(t, a, apitest.Administrator, "FULL"))
	token := tokenOf(t, a, apitest.Operator, "FULL")
	here, there := bearer(t, url, id, token), bearer(t, away, id, token)
	revoked := a.Client.AccessToken.Query().Where(accesstoken.UserID(a.UserID(t, apitest.Operator))).OnlyIDX(viewer.SystemContext(t.Context()))
	started := time.Now()
	if answer := a.Query(apitest.Operator, `mutation { revokeAccessToken(input: {accessTokenId: "`+revoked.String()+`"}) { job { id } } }`, nil); strings.Contains(answer.Body, "errors") {
		t.Fatal(answer.Body)
	}
	ends(t, here, started, "no longer valid")
	ends(t, there, started, "no longer valid")
	kept.send(`{"type":"ping"}`)
	kept.expect("pong", "")
}

// TestSigningOutBehindAPooler: if a pooler forwards no notifications, polling delivers changes and ends sessions.
func TestSigningOutBehindAPooler(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	a := apitest.New(t, server.URL("postgres"))
	deaf := apitest.OpenOn(t, store.Options{URL: server.Pool(t, "transaction", 12).URL("postgres"), TransactionPooling: true})
	id, away := a.Customer(t, "customer"), listen(t, deaf)
	signed := a.Query("", `mutation { signIn(input: {login: "`+apitest.Operator+`", password: "`+apitest.Password+`"}) { token } }`, nil)
	var answer struct {
		Data struct{ SignIn struct{ Token string } }
	}
	if err := json.Unmarshal([]byte(signed.Body), &answer); err != nil || answer.Data.SignIn.Token == "" {
		t.Fatalf("%s: %v", signed.Body, err)
	}
	s := bearer(t, away, id, answer.Data.SignIn.Token)
	started := time.Now()
	a.Rename(t, id, "renamed")
	s.expect("next", "renamed")
	t.Logf("%v until a change of another server arrives", time.Since(started).Round(time.Millisecond))
	started = time.Now()
	out := a.Query("", `mutation { signOut(input: {}) { ended } }`, nil, "Authorization", "Bearer "+answer.Data.SignIn.Token)
	if !strings.Contains(out.Body, `"ended":1`) {
		t.Fatal(out.Body)
	}
	ends(t, s, started, "no longer valid")
	for begun := time.Now(); !strings.Contains(deaf.Log.String(), "notifications of the database do not arrive"); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > deadline {
			t.Fatalf("the log does not say that there are no notifications: %s", deaf.Log)
		}
	}
}
