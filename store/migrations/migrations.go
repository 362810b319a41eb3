// Package migrations holds the schema: one folder per engine, with the same tables, columns and file numbers in both.
package migrations

import "embed"

// Files are goose migrations, in the folders sqlite and postgres.
//
//go:embed sqlite/*.sql postgres/*.sql
var Files embed.FS
