// Package graph has the resolvers of the GraphQL schema. Each is a single call.
package graph

import (
	"cloudapi/ent"
	"cloudapi/internal/capacity"
	"cloudapi/internal/customer"
	"cloudapi/internal/identity"
	"cloudapi/internal/job"
	"cloudapi/internal/session"
)

// Resolver holds what the resolvers call.
type Resolver struct {
	Client *ent.Client
	// Dialect is ent's name of the database.
	Dialect   string
	Customers *customer.Service
	Capacity  *capacity.Service
	Identity  *identity.Service
	Queue     *job.Queue
	Sessions  *session.Service
}
