// Package migrations holds the versioned migrations.
package migrations

import "embed"

// Files are the migrations of every engine, in the folders mysql and sqlite.
//
//go:embed */*.sql */atlas.sum
var Files embed.FS
