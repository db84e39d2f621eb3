package object_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// spoil makes a generation's file one that is not what was written.
func (w *house) spoil(generation int64) {
	w.t.Helper()
	path := w.store.Path(generation)
	image, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	image[len(image)-100] ^= 4
	if err := os.WriteFile(path, image, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// flushed takes everything home.
func (w *house) flushed() {
	w.t.Helper()
	if _, err := w.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *house) newest(id string, before int64, limit int) ([]task.Event, error) {
	events, _, err := w.History(context.Background(), id, object.HistoryRange{Before: before, Limit: limit})
	return events, err
}

// A file that is damaged or missing costs its object the history that it had,
// and nothing else: changes, homes and watches go on, other objects do not
// notice, and what was there is kept.
func TestDamageOfAFileCostsOnlyItsHistory(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*house){
		"damaged":                  func(w *house) { w.spoil(1) },
		"missing":                  func(w *house) { _ = os.Remove(w.store.Path(1)) },
		"damaged and read at once": func(w *house) { w.spoil(1); _, _ = w.newest("bad", 0, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			w := open(t, dir, func(c *config) { c.IdleAfter = time.Hour })
			w.must(create("bad"), note("bad", "two"), note("bad", "three"), create("good"), note("good", "two"))
			w.flushed()
			spoil(w)

			if events, err := w.newest("bad", 0, 10); !errors.Is(err, journal.ErrDamaged) || len(events) > 0 {
				t.Errorf("its history: %d events, %v", len(events), err)
			}
			if len(w.history("good")) != 2 {
				t.Error("another object lost events")
			}
			f, err := w.Follow(t.Context(), "bad", object.Follow{History: 10, Forever: true})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if m, err := f.Next(t.Context(), 0); err != nil || m.Kind != object.Snapshot || !m.HistoryUnavailable || m.State.ID != "bad" || m.Sequence != 3 {
				t.Fatalf("a watch begins with %+v, %v", m, err)
			}
			if m, err := f.Next(t.Context(), 0); err != nil || m.Kind != object.Current {
				t.Fatalf("then it gets %+v, %v", m, err)
			}

			w.must(note("bad", "four"), note("bad", "five"))
			w.flushed()
			w.must(note("bad", "six"))
			for want := int64(4); want <= 6; want++ {
				if m, err := f.Next(t.Context(), 0); err != nil || m.Kind != object.Event || m.Sequence != want {
					t.Fatalf("the watch goes on with %+v, %v; want %d", m, err, want)
				}
			}
			events, err := w.newest("bad", 0, 10)
			if err != nil || len(events) != 3 || events[2].Sequence != 4 {
				t.Errorf("newest first there are %d events, %v; want 6 to 4", len(events), err)
			}
			var lost *journal.LostError
			if _, err := w.newest("bad", 4, 10); !errors.As(err, &lost) || lost.First != 4 {
				t.Errorf("below them: %v, want that all before 4 are lost", err)
			}
			if _, _, err := w.History(t.Context(), "bad", object.HistoryRange{Ascending: true, Limit: 10}); !errors.As(err, &lost) || lost.First != 4 {
				t.Errorf("from the first on: %v, want that all before 4 are lost", err)
			}
			if events, _, err := w.History(t.Context(), "bad", object.HistoryRange{After: 3, Ascending: true, Limit: 10}); err != nil || len(events) != 3 {
				t.Errorf("from the fourth on: %d events, %v", len(events), err)
			}
			if _, err := os.Stat(filepath.Join(dir, "quarantine", "task-1.db")); (err != nil) != (name == "missing") {
				t.Errorf("in quarantine: %v", err)
			}
		})
	}
}

// A follower that lacks events of a damaged file is told so, and goes on.
func TestAFollowerOutlivesDamage(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Hour })
	w.must(create("t"), note("t", "two"))
	f, err := w.Follow(t.Context(), "t", object.Follow{History: 10, Forever: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Next(t.Context(), 0)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	w.must(note("t", "three"), note("t", "four"))
	w.flushed()
	w.spoil(1)
	w.must(note("t", "five"))
	f, err = w.Follow(t.Context(), "t", object.Follow{History: 10, Forever: true, Cursor: m.Cursor})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var kinds []object.MessageKind
	for range 3 {
		if m, err = f.Next(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, m.Kind)
		if m.Kind == object.Snapshot && (!m.HistoryUnavailable || len(m.Events) != 1 || m.Sequence != 5) {
			t.Errorf("the snapshot is %+v; want event 5 and that there are others", m)
		}
	}
	if kinds[0] != object.Reset || kinds[1] != object.Snapshot || kinds[2] != object.Current {
		t.Errorf("it was told %v, want a reset, a snapshot, current", kinds)
	}
}

// A file that is whole but not the one that belongs to the ledger is not served,
// and not given up: it is not known which of the two is right.
func TestAnotherHistoryIsNeverServed(t *testing.T) {
	t.Parallel()
	other := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Hour })
	w := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Hour })
	for _, h := range []*house{w, other} {
		h.must(create("t"), note("t", "two"))
	}
	other.must(note("t", "other"))
	w.must(note("t", "three"))
	w.flushed()
	other.flushed()
	image, err := os.ReadFile(other.store.Path(1))
	if err == nil {
		err = os.WriteFile(w.store.Path(1), image, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.newest("t", 0, 10); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("up to the end: %v", err)
	}
	w.must(note("t", "four"))
	if _, err := w.newest("t", 0, 10); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("on from the file to the journal: %v", err)
	}
	if _, err := w.Flush(t.Context()); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("written home: %v", err)
	}
	if after, err := os.ReadFile(w.store.Path(1)); err != nil || string(after) != string(image) {
		t.Errorf("the file was touched: %v", err)
	}
}

// What the journal holds is damaged while it is used: nothing is changed any
// more, which is told, and what can be read is.
func TestADamagedJournalEndsChangesNotReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := open(t, dir, func(c *config) { c.IdleAfter = time.Hour })
		w.must(create("well"), note("well", "two"), create("ill"), note("ill", "two"))
		time.Sleep(time.Second)
		edit(t, dir, "UPDATE journal SET entry = x'00' WHERE generation = 2 AND sequence = 1")
		w.must(complete("well"))
		if err := w.Ready(); err != nil {
			t.Fatal(err)
		}
		f, err := w.Follow(t.Context(), "well", object.Follow{History: 10, Forever: true})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		// Asleep objects are read from the journal; here one that is asked for by
		// its listing, as a new process would.
		if _, err := w.ledger.Load(t.Context(), journal.Key{Class: "task", ID: "ill"}); !errors.Is(err, journal.ErrJournalDamaged) {
			t.Fatalf("the damage is read: %v", err)
		}
		synctest.Wait()
		if err := w.Ready(); !errors.Is(err, journal.ErrJournalDamaged) {
			t.Errorf("ready: %v, want that the journal is damaged", err)
		}
		for _, cmd := range []task.Command{create("new"), remove("well"), note("ill", "three")} {
			if _, err := w.do(cmd); !errors.Is(err, journal.ErrJournalDamaged) || errors.Is(err, journal.ErrUnknown) {
				t.Errorf("%T: %v, want that the journal is damaged", cmd, err)
			}
		}
		if got, err := w.Get(t.Context(), "well"); err != nil || got.Sequence != 3 {
			t.Errorf("what can be read is not: %+v, %v", got, err)
		}
		if _, err := w.Get(t.Context(), "ill"); !errors.Is(err, journal.ErrJournalDamaged) {
			t.Errorf("damage is shown: %v", err)
		}
		if m, err := f.Next(t.Context(), 0); err != nil || m.Kind != object.Snapshot || m.Sequence != 3 {
			t.Errorf("a watch gets %+v, %v", m, err)
		}
		if _, err := w.Flush(t.Context()); !errors.Is(err, journal.ErrJournalDamaged) {
			t.Errorf("flush: %v", err)
		}
		time.Sleep(time.Minute) // nothing spins, nothing is written
		synctest.Wait()
		w.close()
	})
}

// edit changes an open ledger as no commit does, with checksums that are right.
func edit(t *testing.T, dir, sql string) {
	t.Helper()
	c, err := sqlite.Open(sqlite.Config{Path: filepath.Join(dir, ledger.FileName), Checksums: true, MustExist: true, Busy: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	if err := errors.Join(err, c.Exec(sql), c.Close()); err != nil {
		t.Fatal(err)
	}
}
