package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// A migration as a later version may have one: it changes tables that have rows,
// fills what it adds and makes an index of it.
const laterMigration = `ALTER TABLE object ADD COLUMN color TEXT NOT NULL DEFAULT '';
	UPDATE object SET color = 'of ' || id;
	CREATE INDEX object_color ON object (color);
	DELETE FROM receipt;`

// A power cut at any operation of a migration leaves the ledger as it was or as
// it is to be; the next start ends it.
func TestTheLedgerMigratesWholeOrNot(t *testing.T) {
	cuts, err := cutMigrations(t, laterMigration, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d power cuts", cuts)
}

func TestALedgerMigratedInPiecesIsNoticed(t *testing.T) {
	lies := func(name string) bool { return strings.HasSuffix(name, "ledger.db-wal") }
	cuts, err := cutMigrations(t, laterMigration, lies)
	if err == nil {
		t.Fatalf("%d cuts do not show that the disk lies", cuts)
	}
	t.Logf("caught after %d cuts: %v", cuts, err)
}

func cutMigrations(t *testing.T, sql string, lies func(string) bool) (cuts int, err error) {
	var c clock
	d, k := grown(t, &c, lies)
	later, err := ledger.WithMigration(diskConfig(d, &c), sql)
	if err != nil {
		return 0, err
	}
	later.Readers = 1
	r := rand.New(rand.NewPCG(1, 4))
	for at := 1; ; at++ {
		work := d.Crash(powerfail.KeepAll, r)
		work.Fail(powerfail.PowerOff, at)
		ended := false
		later.VFS = work.VFS()
		if l, err := ledger.New(later); err == nil {
			_ = l.Close()
			ended = !work.Dead()
		} else if !work.Dead() {
			return cuts, err // for another reason
		}
		for mode := range powerfail.NumModes {
			cuts++
			after := work.Crash(mode, r)
			if err := migrated(t, after, k, diskConfig(after, &c), later); err != nil {
				return cuts, fmt.Errorf("cut at operation %d (%s), %v: %w", at, work.Hit(), mode, err)
			}
			after.Close()
		}
		work.Close()
		if ended {
			return cuts, nil
		}
	}
}

// grown is a ledger of the present version, closed, on a disk.
func grown(t *testing.T, c *clock, lies func(string) bool) (*powerfail.Disk, *tracker) {
	t.Helper()
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir(), Lies: lies})
	t.Cleanup(d.Close)
	l, err := ledger.New(diskConfig(d, c))
	if err != nil {
		t.Fatal(err)
	}
	k := track(l)
	for range 10 {
		if err := k.step(t, 5); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return d, k
}

// migrated starts the present program, which opens the ledger or says that it is
// newer, then the later one.
func migrated(t *testing.T, d *powerfail.Disk, k *tracker, present, later ledger.Config) error {
	again := d.Crash(powerfail.KeepAll, nil)
	defer again.Close()
	present.VFS, present.Readers, later.VFS = again.VFS(), 1, d.VFS()
	l, err := ledger.New(present)
	switch {
	case err == nil:
		err = errors.Join(k.compare(t, l), l.Close())
	case errors.Is(err, sqlite.ErrNewer) && strings.Contains(err.Error(), "schema 2, this one knows 1"):
		err = nil
	}
	if err != nil {
		return fmt.Errorf("the present program: %w", err)
	}
	if l, err = ledger.New(later); err != nil {
		return fmt.Errorf("the later program: %w", err)
	}
	return errors.Join(k.compare(t, l), l.Close())
}
