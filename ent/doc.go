// Package ent has the entities, their queries and their changes. It is generated from ent/schema by ent/generator; only doc.go
// and the files named hand_*.go are written by hand.
package ent

//go:generate go run ./generator
