package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// Attached is the schema name of a database that Attach attached. Statements find
// its tables without it; pragmas and sqlite_schema need it.
const Attached = "file"

// OpenEmpty opens a connection to no file, for Attach. Opening a connection costs
// about ten times as much as attaching a file to one that is open.
func OpenEmpty() (*sqlite3.Conn, error) {
	c, err := sqlite3.OpenFlags(":memory:", sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open a connection: %w", err)
	}
	err = c.Exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
	if err == nil {
		_, err = c.Config(sqlite3.DBCONFIG_DEFENSIVE, true)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open a connection: %w", err), c.Close())
	}
	return c, nil
}

// Attach attaches a database to a connection of OpenEmpty that has none. Of cfg it
// takes Path, which must exist, VFS and Journal. Errors name the file; after one
// the connection is of no more use than to be closed.
func Attach(c *sqlite3.Conn, cfg Config) error {
	uri := "file:" + escape.Replace(cfg.Path) + "?mode=rw"
	if cfg.VFS != "" {
		uri += "&vfs=" + cfg.VFS
	}
	if err := attach(c, uri, cfg.Journal); err != nil {
		return fmt.Errorf("sqlite: attach %s: %w", cfg.Path, err)
	}
	return nil
}

func attach(c *sqlite3.Conn, uri, journal string) error {
	_, err := Exec(c, "ATTACH ? AS "+Attached, uri)
	if errors.Is(err, sqlite3.IOERR_DATA) {
		// A header that a power cut tore does not say how long pages are, so the
		// first one is read at a length of which the checksum is wrong. By then
		// the journal that mends it has been rolled back.
		_, err = Exec(c, "ATTACH ? AS "+Attached, uri)
	}
	if err != nil {
		return err
	}
	if err := c.Exec("PRAGMA " + Attached + ".synchronous = FULL"); err != nil {
		return err
	}
	if journal != "" {
		if err := assert(c, Attached+".journal_mode = "+journal, journal); err != nil {
			return err
		}
	}
	return assert(c, Attached+".synchronous", "2")
}

// Detach closes what Attach opened, and the statements on it. After an error the
// connection is of no more use than to be closed.
func Detach(c *sqlite3.Conn) error {
	closeStmts(c)
	if err := c.Exec("DETACH " + Attached); err != nil {
		return fmt.Errorf("sqlite: detach: %w", err)
	}
	return nil
}
