package object_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// Over its cap the journal takes only what ends work, until homes are written.
func TestFullJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &brokenHome{}
		w := openLedger(t, ledger.Config{Dir: t.TempDir(), MaxJournalBytes: 16 << 10}, func(c *config) {
			b.home, c.Home = c.Home, b
		})
		b.set(func(int64) error { return errors.New("no file for you") })
		w.must(create("t"), create("u"))
		var err error
		for range 100 {
			if _, err = w.do(note("t", strings.Repeat("x", 1000))); err != nil {
				break
			}
		}
		if !errors.Is(err, journal.ErrFull) {
			t.Fatalf("a full journal answers %v, want %v", err, journal.ErrFull)
		}
		w.must(complete("t"))
		b.set(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		w.must(note("u", "goes on"))
		w.close()
	})
}

// crowded is a journal that has room only for what ends work or makes room.
type crowded struct {
	object.Journal
	full atomic.Bool
}

func (c *crowded) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	for i := range batch {
		if c.full.Load() && !batch[i].Reserved {
			return nil, journal.ErrFull
		}
	}
	return c.Journal.Commit(ctx, batch)
}

// A batch that finds no room fails only for those it has no room for.
func TestAFullJournalRefusesOnlyWhatAdds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, c := &gate{}, &crowded{}
		w := open(t, t.TempDir(), func(cfg *config) { c.Journal = cfg.Journal; g.Journal = c; cfg.Journal = g })
		synctest.Wait() // what the start looks for is found, and makes no commit of its own
		w.must(create("adds"), create("ends"), create("idle"))
		f, err := w.Follow(t.Context(), "adds", object.Follow{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		expect(t, f, object.Snapshot, 1)
		expect(t, f, object.Current, 1)
		c.full.Store(true)
		release := g.hold()
		errs := map[string]chan error{}
		for _, cmd := range []task.Command{note("idle", "first batch"), note("adds", "one"), note("adds", "two"), complete("ends"), complete("idle")} {
			done := make(chan error, 1)
			errs[fmt.Sprintf("%T of %s", cmd, cmd.TaskID())] = done
			go func() { _, err := w.do(cmd); done <- err }()
			synctest.Wait()
		}
		release()
		synctest.Wait()
		for what, done := range errs {
			ends := strings.HasSuffix(what, "ends")
			if err := <-done; ends && err != nil || !ends && !errors.Is(err, journal.ErrFull) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, id := range []string{"adds", "ends", "idle"} {
			if _, err := w.Get(t.Context(), id); err != nil {
				t.Errorf("a read of %q: %v", id, err)
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s := w.ledger.JournalBytes(); s != 0 {
			t.Errorf("%d bytes have not come home", s)
		}
		c.full.Store(false)
		w.must(note("adds", "goes on"))
		expect(t, f, object.Event, 2)
		if n := len(w.history("adds")); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
		w.close()
	})
}
