// Package migrate holds the versioned migrations, and the tables that they lead to.
package migrate

import "embed"

// Migrations holds the versioned migrations of every engine: migrations/mysql and migrations/sqlite.
//
//go:embed migrations/*/*.sql migrations/*/atlas.sum
var Migrations embed.FS
