package ledger_test

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/object/journaltest"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

var _ object.Journal = (*ledger.Ledger)(nil)

// clock is a clock that stands still until it is moved.
type clock struct{ wall, mono atomic.Int64 }

func (c *clock) config(dir string) ledger.Config {
	return ledger.Config{Dir: dir, Now: c.wall.Load, Monotonic: c.mono.Load}
}

func open(t *testing.T, cfg ledger.Config) *ledger.Ledger {
	t.Helper()
	l, err := ledger.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// killed returns a copy of a ledger's files as kill -9 would leave them.
func killed(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{"ledger.db", "ledger.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestConformance(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journaltest.Harness {
		var c clock
		dir := t.TempDir()
		return journaltest.Harness{
			Journal: open(t, c.config(dir)),
			Restart: func(t *testing.T) object.Journal {
				dir = killed(t, dir)
				return open(t, c.config(dir))
			},
		}
	})
}

func TestSchemaIsGolden(t *testing.T) {
	c, err := sqlite.Open(sqlite.Config{Path: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlite.Migrate(c, os.DirFS("migration"), 1); err != nil {
		t.Fatal(err)
	}
	got, err := sqlite.SchemaSQL(c)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the migrations lead to another schema than schema.sql (UPDATE_GOLDEN=1 writes it):\n%s", got)
	}
}
