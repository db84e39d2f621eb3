package object_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/spectralnotify/spectralnotify/internal/object"
)

func TestTwinsHappenOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		w := openBehind(t, g)
		w.must(create("t"))
		release := g.hold() // so that all of them come before the first is durable
		var wg sync.WaitGroup
		var replayed atomic.Int32
		for range 16 {
			wg.Go(func() {
				out, err := w.Do(t.Context(), "t", keyed(apply(note("t", "once"), ""), "key", "request"))
				if err != nil || out.State.Sequence != 2 {
					t.Errorf("answer at %d, %v", out.State.Sequence, err)
				}
				if out.Replayed {
					replayed.Add(1)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		if n := w.messages("t")["once"]; n != 1 || replayed.Load() != 15 {
			t.Errorf("happened %d times, replayed %d times; want 1 and 15", n, replayed.Load())
		}
		w.close()
	})
}

func TestReplayGivesTheAnswerOfThen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, dir, nil)
	w.must(create("t"))
	first := keyed(apply(progress("t", 30), ""), "key", "request")
	if _, err := w.Do(context.Background(), "t", first); err != nil {
		t.Fatal(err)
	}
	w.must(progress("t", 60), remove("t"), create("t"), note("t", "anew"))
	w.close()
	w = open(t, dir, nil)
	out, err := w.Do(context.Background(), "t", first)
	if err != nil || !out.Replayed || out.State.Sequence != 2 || out.State.Progress != 30 {
		t.Errorf("after delete, recreate and restart: %+v, %v", out, err)
	}
	if n := len(w.history("t")); n != 2 {
		t.Errorf("the new task has %d events, want 2: the retry belongs to the old one", n)
	}
	if _, err := w.Do(context.Background(), "t", keyed(apply(progress("t", 31), ""), "key", "another")); !errors.Is(err, object.ErrKeyReused) {
		t.Errorf("the key with another request: %v, want %v", err, object.ErrKeyReused)
	}
}

func TestRefusalsLeaveNoReceipt(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	try := keyed(apply(note("t", "x"), ""), "key", "request")
	if _, err := w.Do(context.Background(), "t", try); err == nil {
		t.Fatal("there is no task yet")
	}
	w.must(create("t"))
	if out, err := w.Do(context.Background(), "t", try); err != nil || out.Replayed {
		t.Errorf("the retry of a refused call: %+v, %v", out, err)
	}
}

// The caller of a keyed call leaves before the commit; his retry waits for it
// and does not happen again.
func TestRetryWaitsForTheCallThatWasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		w := openBehind(t, g)
		w.must(create("t"))
		c := keyed(apply(note("t", "once"), ""), "key", "request")
		release := g.hold()
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { _, err := w.Do(ctx, "t", c); left <- err }()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller who left got %v", err)
		}
		again := make(chan outcome, 1)
		go func() {
			out, err := w.Do(t.Context(), "t", c)
			if err != nil {
				t.Error(err)
			}
			again <- out
		}()
		synctest.Wait()
		release()
		if out := <-again; !out.Replayed {
			t.Error("the retry happened a second time")
		}
		if n := w.messages("t")["once"]; n != 1 {
			t.Errorf("happened %d times", n)
		}
		w.close()
	})
}
