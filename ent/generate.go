package ent

//go:generate go run entc.go entc_hook.go
