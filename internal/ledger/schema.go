package ledger

import (
	"embed"
	"io/fs"
)

// applicationID marks a ledger in its header: "snLG".
const applicationID = 0x736e4c47

//go:embed migration/*.sql
var migrationFiles embed.FS

// schemaSQL is what all migrations lead to.
//
//go:embed schema.sql
var schemaSQL string

func migrations() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the name is valid
	}
	return sub
}
