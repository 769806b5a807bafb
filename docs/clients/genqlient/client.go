// Package genqlient calls the customer API from Go, with functions that genqlient generates from operations.graphql. Copy
// this folder into your module.
package genqlient

import (
	"errors"
	"net/http"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

//go:generate go tool -modfile=../../../.ci/genqlient/go.mod genqlient genqlient.yaml

// NewClient returns a client of the API at a URL, which ends in /graphql. The token comes from createAccessToken or signIn.
func NewClient(url, token string) graphql.Client {
	return graphql.NewClient(url, &http.Client{Transport: authorized(token)})
}

// authorized adds a bearer token to every request.
type authorized string

// RoundTrip sends a request.
func (token authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(token))
	return http.DefaultTransport.RoundTrip(r)
}

// Code returns the code of an error of the API, for example CONFLICT, "" for other errors.
func Code(err error) string {
	list, ok := errors.AsType[gqlerror.List](err)
	if !ok || len(list) == 0 {
		return ""
	}
	code, _ := list[0].Extensions["code"].(string)
	return code
}
