package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Config says how to open a database.
type Config struct {
	// Path of the file; ":memory:" for a database without one. Required.
	Path string

	// VFS is the name of a registered vfs.VFS; empty is the operating system.
	VFS string

	// Journal is the journal mode, such as "wal" or "truncate"; empty keeps
	// what the file has.
	Journal string

	// Exclusive keeps the file locked from the first read on: no other
	// connection can use it, and WAL mode needs no -shm file.
	Exclusive bool

	// PageSize of a new database, in bytes; 0 is 4096. An old one keeps its own.
	PageSize int

	// Checksums puts a checksum on each page of an empty database, and refuses
	// one with tables that has none with ErrNoChecksums. A database that has them
	// is verified whether this is set or not.
	Checksums bool

	// MustExist refuses to make a new file.
	MustExist bool

	// ReadOnly opens the file without the right to write it; implies MustExist.
	ReadOnly bool

	// QueryOnly refuses statements that change something, though the connection
	// may write what WAL mode needs.
	QueryOnly bool

	// CacheKiB is the size of the page cache; 0 is SQLite's 2 MiB.
	CacheKiB int

	// Busy is how long a lock is waited for; 0 is not at all.
	Busy time.Duration
}

// Open opens a database. The caller closes the connection, and uses it in one
// goroutine at a time. Errors name the file.
func Open(cfg Config) (*sqlite3.Conn, error) {
	c, err := sqlite3.OpenFlags(name(cfg), flags(cfg))
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", cfg.Path, err)
	}
	if err := prepare(c, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %s: %w", cfg.Path, err), c.Close())
	}
	return c, nil
}

func flags(cfg Config) sqlite3.OpenFlag {
	f := sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE
	switch {
	case cfg.ReadOnly:
		f = sqlite3.OPEN_READONLY
	case cfg.MustExist:
		f = sqlite3.OPEN_READWRITE
	}
	if cfg.VFS != "" {
		f |= sqlite3.OPEN_URI
	}
	return f
}

var escape = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

func name(cfg Config) string {
	if cfg.VFS == "" {
		return cfg.Path
	}
	return "file:" + escape.Replace(cfg.Path) + "?vfs=" + cfg.VFS
}

// prepare sets the pragmas. Order matters: locking_mode and journal_mode come
// before anything that reads, and checksums after both.
func prepare(c *sqlite3.Conn, cfg Config) error {
	if err := c.BusyTimeout(cfg.Busy); err != nil {
		return err
	}
	if err := c.Exec(pragmas(cfg)); err != nil {
		return err
	}
	if cfg.Journal != "" {
		if err := assert(c, "journal_mode = "+cfg.Journal, cfg.Journal); err != nil {
			return err
		}
	}
	if cfg.Checksums {
		if err := checksums(c, cfg); err != nil {
			return err
		}
	}
	if cfg.QueryOnly {
		if err := c.Exec("PRAGMA query_only = ON"); err != nil {
			return err
		}
	}
	if _, err := c.Config(sqlite3.DBCONFIG_DEFENSIVE, true); err != nil {
		return err
	}
	return assert(c, "synchronous", "2")
}

// ErrNoChecksums: a database that should have checksums has none.
var ErrNoChecksums = errors.New("the pages have no checksums")

// checksums puts them on an empty database. One with tables must have them: to
// add them later would bless whatever it holds, and its header may have lost them
// by damage.
func checksums(c *sqlite3.Conn, cfg Config) error {
	tables, err := Int(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	if tables == 0 && !cfg.ReadOnly {
		if err := c.EnableChecksums("main"); err != nil {
			return fmt.Errorf("enable checksums: %w", err)
		}
	}
	if err := assert(c, "checksum_verification", "1"); err != nil {
		return fmt.Errorf("%w: %w", ErrNoChecksums, err)
	}
	return nil
}

func pragmas(cfg Config) string {
	var b strings.Builder
	if cfg.PageSize == 0 {
		cfg.PageSize = 4096
	}
	fmt.Fprintf(&b, "PRAGMA page_size = %d;", cfg.PageSize)
	if cfg.Exclusive {
		b.WriteString("PRAGMA locking_mode = EXCLUSIVE;")
	}
	if cfg.CacheKiB > 0 {
		fmt.Fprintf(&b, "PRAGMA cache_size = -%d;", cfg.CacheKiB)
	}
	b.WriteString(`PRAGMA synchronous = FULL;
		PRAGMA trusted_schema = OFF;
		PRAGMA cell_size_check = ON;
		PRAGMA temp_store = MEMORY;
		PRAGMA mmap_size = 0;`)
	return b.String()
}

// assert runs a pragma and fails unless it answers want.
func assert(c *sqlite3.Conn, pragma, want string) error {
	got, err := Text(c, "PRAGMA "+pragma)
	if err != nil {
		return fmt.Errorf("%s: %w", pragma, err)
	}
	if !strings.EqualFold(got, want) {
		return fmt.Errorf("pragma %s is %q, must be %q", pragma, got, want)
	}
	return nil
}
