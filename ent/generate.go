// Package ent is what is stored: generated from the schema in ent/schema, but for its row scope in ent/rule.
package ent

//go:generate go run entc.go
