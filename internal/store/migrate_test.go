package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A migration as a later version may have one.
const laterMigration = `ALTER TABLE task_history ADD COLUMN color TEXT;
	UPDATE task_history SET color = 'of ' || id;
	CREATE INDEX task_color ON task_history (color);`

// later opens a store of a program that knows one migration more.
func later(t testing.TB, dir string, disk Disk, vfs string) *taskStore {
	t.Helper()
	steps := fstest.MapFS{"0002_color.sql": {Data: []byte(laterMigration)}}
	now, err := fs.Sub(migrations, "migration/task")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(now, "*.sql")
	if err != nil || len(names) != 1 {
		t.Fatalf("there are migrations %v, %v: number the one of this test behind them", names, err)
	}
	text, err := fs.ReadFile(now, names[0])
	if err != nil {
		t.Fatal(err)
	}
	steps[names[0]] = &fstest.MapFile{Data: text}
	s, err := New(Config[task.Task, task.Event]{
		Dir: dir, Layout: task.Layout{}, Encode: task.Class{}.Encode, Epoch: func() string { return "epoch2" },
		Disk: disk, VFS: vfs, steps: steps,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Old and new files live side by side; one is brought up to date when it is next
// used, by whatever it is used for.
func TestAnOlderFileMigratesWhenItIsUsed(t *testing.T) {
	for name, use := range map[string]func(*taskStore, *life) error{
		"read": func(s *taskStore, l *life) error {
			_, err := s.History(context.Background(), l.generation, all)
			return err
		},
		"changed": func(s *taskStore, l *life) error {
			return s.Write(context.Background(), []taskHomecoming{l.home(false, 10, 12)})[0]
		},
		"checked": func(s *taskStore, l *life) error { _, err := s.Check(context.Background(), l.generation); return err },
		"copied":  func(s *taskStore, l *life) error { return s.Copy(context.Background(), l.generation, discard{}) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "objects")
			s, l := openStore(t, dir, nil, ""), newLife(t, 3, 20)
			write(t, s, l.home(true, 0, 10))
			newer := later(t, dir, nil, "")
			if err := use(newer, l); err != nil {
				t.Fatal(err)
			}
			write(t, newer, l.home(false, 10, 20))
			wantRecords(t, newer, 3, l.records)
			// The present program names both versions, and does no harm.
			_, err := s.History(t.Context(), 3, all)
			if !errors.Is(err, sqlite.ErrNewer) || errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), "made by a newer spectralnotify: schema 2, this one knows 1") {
				t.Errorf("read by the program before: %v", err)
			}
			if err := s.Write(t.Context(), []taskHomecoming{l.home(false, 19, 20)})[0]; !errors.Is(err, sqlite.ErrNewer) {
				t.Errorf("changed by the program before: %v", err)
			}
			wantRecords(t, newer, 3, l.records)
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// A power cut at any operation of a file's migration leaves the file as it was or
// as it is to be.
func TestAMigrationThatIsCutHappensWholeOrNot(t *testing.T) {
	cuts, err := cutMigrations(t, nil, "truncate")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d power cuts", cuts)
}

func TestAMigrationInPiecesIsNoticed(t *testing.T) {
	for name, m := range map[string]struct {
		lies func(string) bool
		mode string
	}{
		"the disk lies about the journal": {func(n string) bool { return strings.HasSuffix(n, "-journal") }, "truncate"},
		"the journal is not on the disk":  {nil, "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			cuts, err := cutMigrations(t, m.lies, m.mode)
			if err == nil {
				t.Fatalf("%d cuts do not show it", cuts)
			}
			t.Logf("caught after %d cuts: %v", cuts, err)
		})
	}
}

func cutMigrations(t *testing.T, lies func(string) bool, mode string) (cuts int, err error) {
	l := newLife(t, 3, 20)
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, Lies: lies})
	defer d.Close()
	write(t, openStore(t, objectsDir, d, d.VFS()), l.home(true, 0, 10))
	r := rand.New(rand.NewPCG(1, 4))
	for at, ended := 1, false; !ended; at++ {
		work := d.Crash(powerfail.KeepAll, r)
		s := later(t, objectsDir, work, work.VFS())
		s.journalMode = mode
		work.Fail(powerfail.PowerOff, at)
		_, failed := s.History(t.Context(), 3, all)
		if ended = failed == nil; !ended && !work.Dead() {
			return cuts, failed // for another reason
		}
		for m := range powerfail.NumModes {
			cuts++
			if err := migrated(t, work.Crash(m, r), l); err != nil {
				return cuts, fmt.Errorf("cut at operation %d (%s), %v: %w", at, work.Hit(), m, err)
			}
		}
		_ = s.Close()
		work.Close()
	}
	return cuts, nil
}

// migrated lets the later program read the file, and go on with it.
func migrated(t *testing.T, d *powerfail.Disk, l *life) error {
	defer d.Close()
	s := later(t, objectsDir, d, d.VFS())
	defer s.Close()
	got, err := s.History(t.Context(), 3, all)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got, l.records[:10]) {
		return fmt.Errorf("it shows %d events", len(got))
	}
	if err := s.Write(t.Context(), []taskHomecoming{l.home(false, 10, 20)})[0]; err != nil {
		return err
	}
	_, err = s.Check(t.Context(), 3)
	return err
}
