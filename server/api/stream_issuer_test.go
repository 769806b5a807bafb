package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/auth"
)

// openID starts an OpenID Connect issuer and returns it with a function that signs tokens.
func openID(t *testing.T) (issuer *auth.Issuer, sign func(expiry time.Time) string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var value any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}}
		if r.URL.Path != "/keys" {
			value = map[string]any{
				"issuer": server.URL, "jwks_uri": server.URL + "/keys", "authorization_endpoint": server.URL, "token_endpoint": server.URL,
				"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
			}
		}
		_ = json.NewEncoder(w).Encode(value)
	}))
	t.Cleanup(server.Close)
	issuer, err = auth.NewIssuer(auth.IssuerOptions{URL: server.URL, Audience: "cloudapi", LoginClaim: "preferred_username", RoleClaim: "roles"})
	if err != nil {
		t.Fatal(err)
	}
	return issuer, func(expiry time.Time) string {
		claims, err := json.Marshal(map[string]any{
			"iss": server.URL, "sub": "1", "aud": "cloudapi", "iat": time.Now().Unix(), "exp": expiry.Unix(), "preferred_username": "olga", "roles": []string{"OPERATOR"},
		})
		if err != nil {
			t.Fatal(err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// TestIssuersTokensStreamsEnd: when the token of an OpenID Connect issuer expires.
func TestIssuersTokensStreamsEnd(t *testing.T) {
	issuer, sign := openID(t)
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.Issuer = issuer })
	expiry := time.Now().Add(3 * time.Second).Truncate(time.Second)
	s := bearer(t, listen(t, a), a.Customer(t, "customer"), sign(expiry))
	ends(t, s, expiry, "expired")
	if early := time.Until(expiry); early > 0 {
		t.Errorf("the stream ends %v early", early)
	}
}
