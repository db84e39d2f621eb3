package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

func open(t *testing.T, cfg sqlite.Config) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sqlite.CloseAll(c); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestOpenSetsWhatWasAskedFor(t *testing.T) {
	for name, cfg := range map[string]sqlite.Config{
		"wal, shared":        {Journal: "wal", Checksums: true},
		"wal, exclusive":     {Journal: "wal", Checksums: true, Exclusive: true},
		"truncate":           {Journal: "truncate", Checksums: true, PageSize: 1024},
		"truncate, no sums":  {Journal: "truncate", PageSize: 1024},
		"wal in a named vfs": {Journal: "wal", VFS: "os"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Path = filepath.Join(t.TempDir(), "odd 100% #name?.db")
			for _, what := range []string{"new", "again"} {
				c := open(t, cfg)
				want := map[string]string{"synchronous": "2", "journal_mode": cfg.Journal, "page_size": "4096", "trusted_schema": "0", "cell_size_check": "1"}
				if cfg.PageSize != 0 {
					want["page_size"] = "1024"
				}
				if cfg.Checksums {
					want["checksum_verification"] = "1"
				}
				for pragma, value := range want {
					if got, err := sqlite.Text(c, "PRAGMA "+pragma); err != nil || got != value {
						t.Errorf("%s: %s = %q, %v; want %q", what, pragma, got, err, value)
					}
				}
				if err := c.Exec("CREATE TABLE IF NOT EXISTS t(x)"); err != nil {
					t.Fatal(err)
				}
				if err := sqlite.CloseAll(c); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := os.Stat(cfg.Path); err != nil {
				t.Error("the file has another name:", err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.db")
	if _, err := sqlite.Open(sqlite.Config{Path: missing, MustExist: true}); !errors.Is(err, sqlite3.CANTOPEN) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: %v; want CANTOPEN with the path", err)
	}
	plain := filepath.Join(dir, "plain.db")
	c := open(t, sqlite.Config{Path: plain, Journal: "truncate"})
	if err := c.Exec("CREATE TABLE t(x)"); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{true, false} {
		if _, err := sqlite.Open(sqlite.Config{Path: plain, ReadOnly: readOnly, Checksums: true}); !errors.Is(err, sqlite.ErrNoChecksums) {
			t.Errorf("a file without checksums, opened as one with them: %v", err)
		}
	}
	q := open(t, sqlite.Config{Path: plain, QueryOnly: true})
	if err := q.Exec("INSERT INTO t VALUES(1)"); !errors.Is(err, sqlite3.READONLY) {
		t.Errorf("write on a QueryOnly connection: %v", err)
	}
}

func TestOpenNoticesAFlippedBit(t *testing.T) {
	for _, sums := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "x.db")
		cfg := sqlite.Config{Path: path, Journal: "truncate", Checksums: sums}
		c := open(t, cfg)
		if err := c.Exec("CREATE TABLE t(x); INSERT INTO t VALUES('the truth')"); err != nil {
			t.Fatal(err)
		}
		if err := sqlite.CloseAll(c); err != nil {
			t.Fatal(err)
		}
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		image[strings.Index(string(image), "the truth")] ^= 1
		if err := os.WriteFile(path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = sqlite.Text(open(t, cfg), "SELECT x FROM t")
		if noticed := errors.Is(err, sqlite3.IOERR_DATA); noticed != sums {
			t.Errorf("checksums %v: %v", sums, err)
		}
	}
}

func TestCloseAllClosesAnyNumberOfStatements(t *testing.T) {
	c := open(t, sqlite.Config{Path: ":memory:"})
	for range 9 {
		if _, err := sqlite.Prepare(c, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := sqlite.CloseAll(c); err != nil {
		t.Error(err)
	}
}

func TestMigrate(t *testing.T) {
	one := fstest.MapFS{"0001_begin.sql": {Data: []byte("CREATE TABLE a(x); CREATE INDEX ax ON a(x);")}}
	two := fstest.MapFS{"0001_begin.sql": one["0001_begin.sql"], "0002_more.sql": {Data: []byte("CREATE TABLE b(x);")}}
	bad := fstest.MapFS{"0001_begin.sql": one["0001_begin.sql"], "0002_bad.sql": {Data: []byte("CREATE TABLE b(x); nonsense;")}}
	c := open(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "x.db"), Journal: "wal"})
	schema := func() string {
		s, err := sqlite.SchemaSQL(c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const id = 0xF0000001
	if err := sqlite.Migrate(c, one, id); err != nil {
		t.Fatal(err)
	}
	first := schema()
	if want := "CREATE TABLE a(x);\nCREATE INDEX ax ON a(x);\n"; first != want {
		t.Errorf("schema %q, want %q", first, want)
	}
	if err := sqlite.Migrate(c, bad, id); err == nil || schema() != first {
		t.Errorf("a migration that fails half-way left something behind: %v, %s", err, schema())
	}
	if err := sqlite.Migrate(c, two, id); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Migrate(c, two, id); err != nil {
		t.Error("again:", err)
	}
	err := sqlite.Migrate(c, one, id)
	if !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), "made by a newer spectralnotify: schema 2, this one knows 1") {
		t.Errorf("newer schema: %v", err)
	}
	if err := sqlite.Migrate(c, two, 7); !errors.Is(err, sqlite.ErrForeign) {
		t.Errorf("other application: %v", err)
	}
	if err := sqlite.Migrate(c, fstest.MapFS{"0002_gap.sql": {}}, id); err == nil {
		t.Error("a gap in the numbers was accepted")
	}
}

// One connection serves file after file, each with what was asked for.
func TestAttachedFilesAreAsSafeAsOpenedOnes(t *testing.T) {
	c, err := sqlite.OpenEmpty()
	if err != nil {
		t.Fatal(err)
	}
	defer sqlite.CloseAll(c)
	for i, vfs := range []string{"", "os"} {
		path := filepath.Join(t.TempDir(), "odd 100% #name?.db")
		o := open(t, sqlite.Config{Path: path, Journal: "truncate", Checksums: true})
		if err := o.Exec("CREATE TABLE t(x)"); err != nil {
			t.Fatal(err)
		}
		if err := sqlite.CloseAll(o); err != nil {
			t.Fatal(err)
		}
		if err := sqlite.Attach(c, sqlite.Config{Path: path, VFS: vfs, Journal: "truncate"}); err != nil {
			t.Fatal(err)
		}
		for pragma, want := range map[string]string{
			sqlite.Attached + ".synchronous": "2", sqlite.Attached + ".journal_mode": "truncate", sqlite.Attached + ".checksum_verification": "1",
			"trusted_schema": "0", "cell_size_check": "1",
		} {
			if got, err := sqlite.Text(c, "PRAGMA "+pragma); err != nil || got != want {
				t.Errorf("%s = %q, %v; want %q", pragma, got, err, want)
			}
		}
		if _, err := sqlite.Exec(c, "INSERT INTO t VALUES(?)", i); err != nil {
			t.Error(err)
		}
		if n, err := sqlite.Int(c, "SELECT count(*) FROM t"); err != nil || n != 1 {
			t.Errorf("the file has %d rows, %v; want the one of its own", n, err)
		}
		if err := sqlite.Detach(c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAttachMakesNoFile(t *testing.T) {
	c, err := sqlite.OpenEmpty()
	if err != nil {
		t.Fatal(err)
	}
	defer sqlite.CloseAll(c)
	path := filepath.Join(t.TempDir(), "missing.db")
	err = sqlite.Attach(c, sqlite.Config{Path: path})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("attached what is not there: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}
