package ledger_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// closedLedger makes a ledger with a few objects, one of them deleted, and closes
// it. Of object o0 the journal holds nothing.
func closedLedger(t *testing.T) (dir string, k *tracker) {
	t.Helper()
	var c clock
	dir = t.TempDir()
	l := open(t, c.config(dir))
	k = track(l)
	for range 8 {
		if err := k.step(t, 5); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger.db-wal")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a closed ledger has a -wal: %v", err)
	}
	return dir, k
}

// edit changes a closed ledger as no commit does, with checksums that are right.
func edit(t *testing.T, dir, sql string) {
	t.Helper()
	c, err := sqlite.Open(sqlite.Config{Path: filepath.Join(dir, ledger.FileName), Checksums: true, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Config(sqlite3.DBCONFIG_DEFENSIVE, false); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(sql); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func findings(t *testing.T, dir string) string {
	t.Helper()
	found, err := ledger.Check(t.Context(), filepath.Join(dir, ledger.FileName))
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, f := range found {
		text = append(text, f.Where+": "+f.What)
	}
	return strings.Join(text, "\n")
}

func TestWhatContradictsItselfIsFound(t *testing.T) {
	const longest = "(SELECT generation FROM object ORDER BY sequence DESC LIMIT 1)"
	for name, c := range map[string]struct {
		sql    string
		starts bool   // the start does not look there, Check does
		says   string // by Check
	}{
		"a journal row is missing in the middle": {"DELETE FROM journal WHERE generation = " + longest + " AND sequence = 2", false, "journal: "},
		"the last journal row is missing":        {"DELETE FROM journal WHERE generation = " + longest + " AND sequence = (SELECT sequence FROM object WHERE generation = " + longest + ")", false, "journal: "},
		"an event was changed":                   {"UPDATE journal SET entry = x'00' WHERE generation = " + longest + " AND sequence = 1", false, "is not what was written"},
		"a hash was changed":                     {"UPDATE object SET last_hash = last_hash + 1 WHERE generation = " + longest, false, "journal: "},
		"an object is missing":                   {"DELETE FROM object WHERE generation = " + longest, false, "which does not exist"},
		"the last position is too low":           {"UPDATE meta SET last_lsn = last_lsn - 1", false, "meta: "},
		"the last position is too high":          {"UPDATE meta SET last_lsn = last_lsn + 1", false, "meta: "},
		"meta is empty":                          {"DELETE FROM meta", false, "meta: it has 0 rows"},
		"the counter went back":                  {"UPDATE sqlite_sequence SET seq = 1", false, "sqlite_sequence: "},
		"the counter is gone":                    {"DELETE FROM sqlite_sequence", false, "sqlite_sequence: "},
		"an index is missing":                    {"DROP INDEX object_lsn", false, "sqlite_schema: "},
		"a count is wrong":                       {"UPDATE tally SET n = n + 1", true, "tally: "},
		"a count is missing":                     {"DELETE FROM tally", true, "tally: "},
		"a tag is missing":                       {"DELETE FROM tag WHERE generation = " + longest, true, "object: "},
		"a tag has no object":                    {"INSERT INTO tag VALUES ('task', 'x', 999)", true, "tag: "},
		"a detail has no object":                 {"INSERT INTO detail VALUES (999, '{}', '')", true, "detail: "},
		"a deleted object exists":                {"UPDATE tombstone SET generation = " + longest + " WHERE generation = (SELECT max(generation) FROM tombstone)", true, "tombstone: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := closedLedger(t)
			if text := findings(t, dir); text != "" {
				t.Fatalf("before: %s", text)
			}
			edit(t, dir, strings.ReplaceAll(c.sql, "'{}', ''", "x'7b7d', x''"))
			if text := findings(t, dir); !strings.Contains(text, c.says) {
				t.Errorf("Check does not say %q:\n%s", c.says, text)
			}
			var clk clock
			l, err := ledger.New(clk.config(dir))
			if err == nil {
				err = l.Close()
				if !c.starts {
					t.Errorf("it opens, %v", err)
				}
				return
			}
			if !errors.Is(err, journal.ErrDamaged) || c.starts {
				t.Errorf("it does not open: %v", err)
			}
		})
	}
}

func TestLoadNoticesDamage(t *testing.T) {
	for name, sql := range map[string]string{
		"a row is missing": "DELETE FROM journal WHERE sequence = 2",
		"an event changed": "UPDATE journal SET entry = x'00' WHERE sequence = 2",
		"the end differs":  "UPDATE object SET sequence = sequence + 1",
	} {
		var c clock
		dir := t.TempDir()
		l := open(t, c.config(dir))
		var row journal.Row
		for range 3 {
			put(t, l, event(&row, "o", l))
		}
		edit(t, dir, sql)
		if _, err := l.Load(t.Context(), row.Key); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFlippedBitsAreNeverServed flips bits of a closed ledger: it does not open,
// or fails to read, or shows what was written.
func TestFlippedBitsAreNeverServed(t *testing.T) {
	dir, k := closedLedger(t)
	name := filepath.Join(dir, ledger.FileName)
	image, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2, 2))
	refused := 0
	for n := range 130 {
		bit := r.IntN(8 * len(image))
		if n < 100 {
			bit = 8*n + r.IntN(8) // each byte of the header
		}
		to := t.TempDir()
		flipped := append([]byte(nil), image...)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(filepath.Join(to, ledger.FileName), flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		var c clock
		l, err := ledger.New(c.config(to))
		if err != nil {
			if !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("bit %d of byte %d: %v, want ErrDamaged", bit%8, bit/8, err)
			}
			refused++
			continue
		}
		if err := same(t, l, k.rows); err != nil && !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("bit %d of byte %d is served: %v", bit%8, bit/8, err)
		}
		_ = l.Close()
	}
	if refused < 100 {
		t.Errorf("only %d of 130 ledgers are refused", refused)
	}
}

func TestANewerLedgerIsRefusedByName(t *testing.T) {
	dir, _ := closedLedger(t)
	edit(t, dir, "PRAGMA user_version = 7")
	var c clock
	_, err := ledger.New(c.config(dir))
	if !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), "made by a newer spectralnotify: schema 7, this one knows 1") {
		t.Errorf("%v", err)
	}
}

func TestAnotherDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	c, err := sqlite.Open(sqlite.Config{Path: filepath.Join(dir, ledger.FileName), Journal: "wal", Checksums: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec("CREATE TABLE precious (x)"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	var clk clock
	if _, err := ledger.New(clk.config(dir)); !errors.Is(err, sqlite.ErrForeign) {
		t.Errorf("%v", err)
	}
}
