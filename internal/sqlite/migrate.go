package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// The reasons why a database is not this program's to open, by errors.Is.
var (
	// ErrNewer: a later version of the program made it or changed it.
	ErrNewer = errors.New("made by a newer spectralnotify")

	// ErrForeign: it is another sort of database.
	ErrForeign = errors.New("not a database of this sort")
)

// Migrate brings a database up to the newest schema of fsys, whose files
// NNNN_what.sql are numbered from 0001 on without a gap. Each runs in a
// transaction of its own, together with the number it leaves in user_version.
//
// The database must be empty or carry appID as its application_id, else Migrate
// returns ErrForeign; one whose user_version is not in fsys is ErrNewer. Neither
// is changed.
func Migrate(c *sqlite3.Conn, fsys fs.FS, appID uint32) error {
	steps, err := migrations(fsys)
	if err != nil {
		return err
	}
	have, err := version(c, appID)
	if err != nil {
		return err
	}
	if have > len(steps) {
		return fmt.Errorf("%w: schema %d, this one knows %d", ErrNewer, have, len(steps))
	}
	for i := have; i < len(steps); i++ {
		if err := step(c, steps[i], i+1, appID); err != nil {
			return fmt.Errorf("sqlite: migrate to schema %d: %w", i+1, err)
		}
	}
	return nil
}

func version(c *sqlite3.Conn, appID uint32) (int, error) {
	v, err := Int(c, "PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	id, err := Int(c, "PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	tables, err := Int(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	isNew := v == 0 && id == 0 && tables == 0
	if !isNew && (uint32(id) != appID || v < 1) {
		return 0, fmt.Errorf("%w: application_id %#x, schema %d, %d tables and indexes", ErrForeign, uint32(id), v, tables)
	}
	return int(v), nil
}

func step(c *sqlite3.Conn, sql string, number int, appID uint32) (err error) {
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	if err := c.Exec(sql); err != nil {
		return err
	}
	return c.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", int32(appID), number))
}

func migrations(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]string, len(names))
	for i, name := range names {
		number, what, ok := strings.Cut(name, "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 || len(number) != 4 || !ok || what == ".sql" {
			return nil, fmt.Errorf("sqlite: migration %s: want %04d_what.sql", name, i+1)
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		steps[i] = string(text)
	}
	return steps, nil
}

// SchemaSQL returns the schema as text: the statement of each table and index,
// ordered by name, without what SQLite makes for itself. Equal schemas have
// equal texts, so it can be kept as a golden file.
func SchemaSQL(c *sqlite3.Conn) (string, error) {
	var b strings.Builder
	err := Each(c, `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY tbl_name, type DESC, name`, func(s *sqlite3.Stmt) error {
		b.WriteString(s.ColumnText(0))
		b.WriteString(";\n")
		return nil
	})
	return b.String(), err
}
