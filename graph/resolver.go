// Package graph is the GraphQL face: one call for each field that needs one.
package graph

import (
	"cloudapi/ent"
	"cloudapi/internal/customer"
	"cloudapi/internal/identity"
	"cloudapi/internal/job"
	"cloudapi/internal/session"
)

// Resolver holds what the resolvers call.
type Resolver struct {
	Client *ent.Client
	// Dialect is that of the database, by ent's name.
	Dialect   string
	Customers *customer.Service
	Directory *identity.Service
	Queue     *job.Queue
	Sessions  *session.Service
}
