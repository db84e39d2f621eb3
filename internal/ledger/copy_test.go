package ledger_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// openCopy opens a copy as the ledger of a new directory.
func openCopy(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ledger.FileName), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := findings(t, dir); found != "" {
		t.Errorf("the copy: %s", found)
	}
	var c clock
	return open(t, c.config(dir))
}

// fill makes a ledger that is copied in several steps.
func fill(t *testing.T, k *tracker) {
	t.Helper()
	for range 40 {
		if err := k.step(t, 600); err != nil {
			t.Fatal(err)
		}
	}
}

// A copy stands at one commit, though commits go on between its steps, touch
// pages that are copied already and add new ones.
func TestACopyIsOneMoment(t *testing.T) {
	var c clock
	dir := t.TempDir()
	l := open(t, c.config(dir))
	k := track(l)
	fill(t, k)
	path := filepath.Join(dir, "copy.db")
	steps, told := 0, int64(0)
	was := maps.Clone(k.rows)
	lsn, err := l.Copy(t.Context(), path, func(done, total int64) {
		if steps++; done > total {
			t.Errorf("%d of %d bytes are done", done, total)
		}
		was, told = maps.Clone(k.rows), l.LSN() // as before the last step, at the end
		if done == total {
			return
		}
		if err := k.step(t, 600); err != nil {
			t.Error(err)
		}
		was, told = maps.Clone(k.rows), l.LSN()
	})
	if err != nil || lsn != told {
		t.Fatalf("the copy stands at %d, %v; want %d", lsn, err, told)
	}
	if steps < 2 {
		t.Errorf("%d steps: commits did not go on between them", steps)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 { // ledger.db -wal -shm copy.db
		t.Errorf("the copy left %v, %v", entries, err)
	}
	if err := k.step(t, 600); err != nil { // is not in the copy
		t.Fatal(err)
	}
	if err := same(t, openCopy(t, path), was); err != nil {
		t.Error(err)
	}
}

// A commit that loses, and so is rolled back, lets the copy begin anew.
func TestACopyOutlivesARollback(t *testing.T) {
	var c clock
	dir := t.TempDir()
	l := open(t, c.config(dir))
	k := track(l)
	fill(t, k)
	path := filepath.Join(dir, "copy.db")
	once := false
	_, err := l.Copy(t.Context(), path, func(done, total int64) {
		if once {
			return
		}
		once = true
		row := k.rows["o1"]
		row.Generation = 1 << 40 // exists nowhere
		lose := event(&row, "o1", l)
		if lost, err := l.Commit(t.Context(), []journal.Commit{lose}); err != nil || len(lost) != 1 {
			t.Errorf("lost %v, %v", lost, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := same(t, openCopy(t, path), k.rows); err != nil {
		t.Error(err)
	}
}

func TestThereIsOneCopyAtATime(t *testing.T) {
	var c clock
	dir := t.TempDir()
	l := open(t, c.config(dir))
	k := track(l)
	fill(t, k)
	var second error
	_, err := l.Copy(t.Context(), filepath.Join(dir, "b.db"), func(int64, int64) {
		if second == nil {
			_, second = l.Copy(t.Context(), filepath.Join(dir, "c.db"), nil)
		}
	})
	if err != nil || !errors.Is(second, ledger.ErrCopying) {
		t.Errorf("first %v, second %v", err, second)
	}
}

// A ledger that is recovered or closed ends a copy of it, and goes on.
func TestACopyEndsWithItsConnection(t *testing.T) {
	for name, end := range map[string]func(*ledger.Ledger) error{
		"recovered": func(l *ledger.Ledger) error { return l.Recover(context.Background()) },
		"closed":    (*ledger.Ledger).Close,
	} {
		t.Run(name, func(t *testing.T) {
			var c clock
			dir := t.TempDir()
			l := open(t, c.config(dir))
			k := track(l)
			fill(t, k)
			ended := false
			_, err := l.Copy(t.Context(), filepath.Join(dir, "copy.db"), func(int64, int64) {
				if !ended {
					ended = true
					if err := end(l); err != nil {
						t.Error(err)
					}
				}
			})
			if !errors.Is(err, journal.ErrUnknown) {
				t.Errorf("the copy ended with %v", err)
			}
			if name == "closed" {
				l = open(t, c.config(dir))
			}
			if err := same(t, l, k.rows); err != nil {
				t.Error(err)
			}
			if _, err := l.Copy(t.Context(), filepath.Join(dir, "again.db"), nil); err != nil {
				t.Errorf("the next copy: %v", err)
			}
		})
	}
}

// A copy that cannot be written is told, and the ledger does not mind.
func TestACopyWithoutRoomHarmsNobody(t *testing.T) {
	d, l := onDisk(t)
	k := track(l)
	for range 20 {
		if err := k.step(t, 20); err != nil {
			t.Fatal(err)
		}
	}
	d.Fail(powerfail.NoSpace, 1)
	_, err := l.Copy(t.Context(), "/data/copy.db", nil)
	d.Fail(powerfail.NoFault, 0)
	if err == nil {
		t.Error("a copy without room")
	}
	d.Fail(powerfail.NoSpace, 20)
	_, err = l.Copy(t.Context(), "/data/copy2.db", nil)
	d.Fail(powerfail.NoFault, 0)
	if !errors.Is(err, sqlite3.FULL) && !errors.Is(err, sqlite3.IOERR) {
		t.Errorf("a copy that runs out of room: %v", err)
	}
	if err := k.step(t, 20); err != nil {
		t.Errorf("a commit after it: %v", err)
	}
	if err := same(t, l, k.rows); err != nil {
		t.Error(err)
	}
}

func TestRenewIsAnotherEpochAndFarAway(t *testing.T) {
	for _, used := range []int{0, 3} {
		var c clock
		dir := t.TempDir()
		l := open(t, c.config(dir))
		k := track(l)
		if used > 0 {
			if err := k.step(t, used); err != nil {
				t.Fatal(err)
			}
		}
		epoch, before := l.Epoch(), l.Reserve()
		if err := l.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"now", "after a restart"} {
			if l.Epoch() == epoch || len(l.Epoch()) != len(epoch) {
				t.Errorf("%s the epoch is %s, was %s", when, l.Epoch(), epoch)
			}
			if g := l.Reserve(); g < before+1<<32 {
				t.Errorf("%s the next generation is %d, the last was %d", when, g, before)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if found := findings(t, dir); found != "" {
				t.Error(found)
			}
			l = open(t, c.config(dir))
		}
		if err := k.compare(t, l); err != nil {
			t.Error(err)
		}
	}
}

func TestAdoptedObjectsExist(t *testing.T) {
	var c clock
	dir := t.TempDir()
	l := open(t, c.config(dir))
	row := func(id string, generation, lsn int64) journal.Loaded {
		return journal.Loaded{
			Row: journal.Row{
				Key: journal.Key{Class: "task", ID: id}, Generation: generation, Status: 2, Tags: []string{"x"}, CreatedBy: "ann",
				Sequence: 7, LSN: lsn, Hash: 5, State: []byte("s"),
			},
			Detail: journal.Detail{Metadata: []byte("{}")},
		}
	}
	lost, err := l.Adopt(t.Context(), []journal.Loaded{row("a", 9, 30), row("b", 4, 99), row("a", 2, 20)})
	if err != nil || len(lost) != 1 || lost[0] != 2 {
		t.Fatalf("lost %v, %v", lost, err)
	}
	if lost, err := l.Adopt(t.Context(), []journal.Loaded{row("b", 3, 40)}); err != nil || len(lost) != 1 {
		t.Fatalf("again: lost %v, %v", lost, err)
	}
	if l.LSN() != 99 || l.Reserve() != 10 {
		t.Errorf("position %d, or the next generation, is wrong", l.LSN())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found := findings(t, dir); found != "" {
		t.Error(found)
	}
	l = open(t, c.config(dir))
	o, err := l.Load(t.Context(), journal.Key{Class: "task", ID: "a"})
	if err != nil || o.Row.Generation != 9 || o.Row.LSN != 30 || string(o.Detail.Metadata) != "{}" || len(o.Pending) != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	page, err := l.List(t.Context(), journal.Query{Class: "task", Filter: journal.Filter{Tags: []string{"x"}, CreatedBy: "ann", Statuses: []int{2}}, Limit: 9})
	if err != nil || len(page.Rows) != 2 || page.Count != 2 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestACopyOfNothingIsToldByItsPath(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	path := filepath.Join(t.TempDir(), "none", "copy.db")
	if _, err := l.Copy(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}
