package migrate

import "embed"

// Migrations holds the versioned migrations of every engine: migrations/mysql and migrations/sqlite.
//
//go:embed migrations/*/*.sql migrations/*/atlas.sum
var Migrations embed.FS
