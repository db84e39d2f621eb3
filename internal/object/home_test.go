package object_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/object"
)

func TestFlushBringsEverythingHome(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Hour })
	for i := range 30 {
		id := text("t", i)
		w.must(create(id), note(id, "a"), note(id, "b"))
	}
	done, err := w.Flush(context.Background())
	if err != nil || done.Objects == 0 || done.Events < done.Objects {
		t.Fatalf("flushed %+v, %v", done, err)
	}
	if keys, err := w.ledger.Backlog(context.Background(), "task"); err != nil || len(keys) != 0 {
		t.Errorf("the journal still holds %v, %v", keys, err)
	}
	for g := int64(1); g <= 30; g++ {
		if n := w.inFile(g); n != 3 {
			t.Errorf("the file of %d holds %d events, want 3", g, n)
		}
	}
	w.must(note("t[0]", "c"))
	if n := len(w.history("t[0]")); n != 4 {
		t.Errorf("history has %d events, want 4: three from the file, one pending", n)
	}
}

func TestObjectsGoHomeAndSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, t.TempDir(), nil)
		w.must(create("ended"), complete("ended"), create("idle"), note("idle", "x"))
		synctest.Wait()
		if n := w.inFile(1); n != 2 {
			t.Errorf("an ended task goes home at once; its file holds %d events", n)
		}
		time.Sleep(1100 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		if n := w.inFile(2); n != 2 {
			t.Errorf("an idle task goes home after a second; its file holds %d events", n)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if s := w.Stats(); s.Live != 0 || s.PendingBytes != 0 {
			t.Errorf("unused objects sleep; in memory are %+v", s)
		}
		w.must(note("idle", "awake"))
		if n := len(w.history("idle")); n != 3 {
			t.Errorf("woken, it has %d events, want 3", n)
		}
		w.close()
	})
}

// A way home costs the same for a few hundred events as for a few thousand.
func TestABusyObjectGoesHomeInLargePieces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Hour })
		w.must(create("t"))
		for i := range 300 {
			w.must(note("t", text("n", i)))
		}
		synctest.Wait()
		if w.Stats().PendingBytes == 0 {
			t.Error("it went home at once, to come again with the next events")
		}
		time.Sleep(250 * time.Millisecond) // of the bubble's clock
		w.must(note("t", "one more"))
		synctest.Wait()
		if n := w.inFile(1); n != 302 {
			t.Errorf("a while later the file holds %d events, want all 302", n)
		}
		w.close()
	})
}

func TestJournalRowsComeHomeAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, dir, func(c *config) { c.IdleAfter = time.Hour })
	w.must(create("t"), note("t", "a"), create("gone"), note("gone", "b"), remove("gone"))
	w.close()
	w = open(t, dir, nil)
	if _, err := w.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := w.inFile(1); n != 2 {
		t.Errorf("the file holds %d events, want 2", n)
	}
}

// Histories that are read while scribes work are dense and never shrink.
func TestHistoryIsWholeWhileScribesWork(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), func(c *config) { c.IdleAfter, c.OldAfter = time.Microsecond, time.Microsecond })
	w.must(create("t"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for last := 0; ; {
				select {
				case <-stop:
					return
				default:
				}
				n := len(w.history("t"))
				if n < last {
					t.Errorf("history shrank from %d to %d events", last, n)
				}
				last = n
			}
		})
	}
	for i := range 400 {
		w.must(note("t", text("n", i)))
	}
	close(stop)
	wg.Wait()
	if n := len(w.history("t")); n != 401 {
		t.Errorf("%d events, want 401", n)
	}
}

func TestPendingEventsBeyondTheCapAreReadBack(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), func(c *config) { c.MaxPendingBytes, c.IdleAfter = 1, time.Hour })
	w.must(create("t"))
	for i := range 50 {
		w.must(note("t", text("n", i)))
	}
	if s := w.Stats(); s.PendingBytes > 2000 {
		t.Errorf("%d bytes are pending in memory", s.PendingBytes)
	}
	if n := len(w.history("t")); n != 51 {
		t.Errorf("%d events, want 51", n)
	}
	if _, err := w.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := w.inFile(1); n != 51 {
		t.Errorf("the file holds %d events, want 51", n)
	}
}

// One object whose file cannot be written stops only itself, and goes on when
// it can.
func TestObjectIsSetAside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &brokenHome{}
		w := open(t, t.TempDir(), func(c *config) {
			b.home, c.Home, c.MaxAsideBytes = c.Home, b, 4<<10
		})
		b.set(func(g int64) error {
			if g == 1 {
				return errors.New("no file for you")
			}
			return nil
		})
		w.must(create("bad"), create("good"))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		var err error
		for range 10 {
			if _, err = w.do(note("bad", strings.Repeat("x", 1000))); err != nil {
				break
			}
		}
		if !errors.Is(err, object.ErrAside) {
			t.Errorf("beyond its cap a write answers %v, want %v", err, object.ErrAside)
		}
		if s := w.Stats(); s.PendingBytes > 1000 || s.Aside != 1 {
			t.Errorf("it counts against the others, or is not counted: %+v", s)
		}
		w.must(complete("good"))
		synctest.Wait()
		if n := w.inFile(2); n != 2 {
			t.Errorf("the other file holds %d events, want 2", n)
		}
		if len(w.history("bad")) < 3 {
			t.Error("what was accepted is not there")
		}
		b.set(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		w.must(note("bad", "goes on"), complete("bad"))
		synctest.Wait()
		if s := w.Stats(); s.Aside != 0 {
			t.Errorf("it is home, and %d objects are set aside", s.Aside)
		}
		if n, want := w.inFile(1), len(w.history("bad")); n != want {
			t.Errorf("its file holds %d of %d events", n, want)
		}
		w.close()
	})
}

func TestDeleteRemovesTheFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, t.TempDir(), nil)
		w.must(create("t"), complete("t"))
		synctest.Wait()
		if n := w.inFile(1); n != 2 {
			t.Fatalf("the file holds %d events", n)
		}
		w.must(remove("t"))
		synctest.Wait()
		if n := w.inFile(1); n != 0 {
			t.Errorf("the file is still there, with %d events", n)
		}
		left, err := w.ledger.Unfinished(t.Context(), "task")
		if err != nil || len(left) != 0 {
			t.Errorf("unfinished deletes: %v, %v", left, err)
		}
		w.close()
	})
}

func TestStopWritesHome(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Hour })
	w.must(create("t"), note("t", "a"))
	if err := w.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := w.inFile(1); n != 2 {
		t.Errorf("after a clean stop the file holds %d events, want 2", n)
	}
	w.closed = true
	if err := errors.Join(w.store.Close(), w.ledger.Close()); err != nil {
		t.Error(err)
	}
	if _, err := w.Follow(context.Background(), "t", object.Follow{}); !errors.Is(err, object.ErrDraining) {
		t.Errorf("follow after stop: %v", err)
	}
}

func TestAnObjectStaysAwakeWhileACommitIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		w := openBehind(t, g)
		w.must(create("t"))
		if _, err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		release := g.hold()
		errs := make(chan error, 2)
		go func() { _, err := w.do(note("t", "a")); errs <- err }()
		time.Sleep(time.Minute) // home, unused for long, and not done
		go func() { _, err := w.do(note("t", "b")); errs <- err }()
		synctest.Wait()
		release()
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := len(w.history("t")); n != 3 {
			t.Errorf("%d events, want 3", n)
		}
		w.close()
	})
}
