package object_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/object"
)

// expect takes the next message and checks its kind and sequence.
func expect(t *testing.T, f *follower, kind object.MessageKind, sequence int64) *message {
	t.Helper()
	m, err := f.Next(context.Background(), 0)
	if err != nil {
		t.Fatalf("want kind %d at %d: %v", kind, sequence, err)
	}
	if m.Kind != kind || m.Sequence != sequence {
		t.Fatalf("got kind %d at %d, want kind %d at %d", m.Kind, m.Sequence, kind, sequence)
	}
	return m
}

func expectEnd(t *testing.T, f *follower, sequence int64, why object.Reason) {
	t.Helper()
	if m := expect(t, f, object.End, sequence); m.Reason != why {
		t.Errorf("ended with reason %d, want %d", m.Reason, why)
	}
	if _, err := f.Next(context.Background(), 0); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v, want EOF", err)
	}
}

func (w *house) follow(id string, f object.Follow) *follower {
	w.t.Helper()
	fo, err := w.Follow(context.Background(), id, f)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(fo.Close)
	return fo
}

func TestFollowFromSnapshotToEnd(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	w.must(create("t"), progress("t", 10), progress("t", 20))
	f := w.follow("t", object.Follow{History: 2})
	m := expect(t, f, object.Snapshot, 3)
	if len(m.Events) != 2 || m.Events[0].Sequence != 2 || m.State.Progress != 20 {
		t.Errorf("snapshot %+v", m)
	}
	expect(t, f, object.Current, 3)
	w.must(progress("t", 30))
	if m := expect(t, f, object.Event, 4); m.State.Progress != 30 || m.Events[0].Progress != 30 {
		t.Errorf("event %+v", m)
	}
	w.must(complete("t"))
	expect(t, f, object.Event, 5)
	expectEnd(t, f, 5, object.Finished)

	late := w.follow("t", object.Follow{})
	expect(t, late, object.Snapshot, 5)
	expect(t, late, object.Current, 5)
	expectEnd(t, late, 5, object.Finished)

	back := w.follow("t", object.Follow{Cursor: m.Cursor})
	for i := int64(4); i <= 5; i++ {
		if m := expect(t, back, object.Event, i); m.State.Sequence != i {
			t.Errorf("event %d shows the task at %d", i, m.State.Sequence)
		}
	}
	expect(t, back, object.Current, 5)
	expectEnd(t, back, 5, object.Finished)
}

func TestCursorsThatCannotBeResumed(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	w.must(create("t"))
	cursor := expect(t, w.follow("t", object.Follow{}), object.Snapshot, 1).Cursor
	epoch := w.ledger.Epoch()
	w.must(remove("t"), create("t"))
	tests := []struct {
		name, cursor string
		why          object.Reason
	}{
		{"deleted and created again", cursor, object.GenerationChanged},
		{"of other data", "ANOTHEREPOCH0000.1.1", object.EpochChanged},
		{"ahead of the task", epoch + ".2.zz", object.CursorAhead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := w.follow("t", object.Follow{Cursor: tt.cursor})
			if m := expect(t, f, object.Reset, 1); m.Reason != tt.why {
				t.Errorf("reset for reason %d, want %d", m.Reason, tt.why)
			}
			expect(t, f, object.Snapshot, 1)
		})
	}
	for _, bad := range []string{"x", "a.b", "a.1.-1", "..", epoch + ".0.1", epoch + ".1.1.1"} {
		if _, err := w.Follow(context.Background(), "t", object.Follow{Cursor: bad}); !errors.Is(err, object.ErrCursor) {
			t.Errorf("cursor %q: %v, want %v", bad, err, object.ErrCursor)
		}
	}
}

func TestFollowersOfADeletedTaskAreTold(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	w.must(create("t"))
	live := w.follow("t", object.Follow{Forever: true})
	cursor := expect(t, live, object.Snapshot, 1).Cursor
	expect(t, live, object.Current, 1)
	stays := w.follow("t", object.Follow{Forever: true, WaitForCreate: true})
	expect(t, stays, object.Snapshot, 1)
	expect(t, stays, object.Current, 1)
	w.must(note("t", "x"), remove("t"))
	expect(t, live, object.Event, 2)
	expect(t, live, object.Removed, 2)
	expectEnd(t, live, 0, object.Finished)

	away := w.follow("t", object.Follow{Cursor: cursor})
	expect(t, away, object.Removed, 1)
	expectEnd(t, away, 0, object.Finished)

	expect(t, stays, object.Event, 2)
	expect(t, stays, object.Removed, 2)
	w.must(create("t"))
	expect(t, stays, object.Snapshot, 1)
}

func TestFollowBeforeCreation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, t.TempDir(), nil)
		f, err := w.Follow(t.Context(), "t", object.Follow{WaitForCreate: true, History: 10})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if m, err := f.Next(t.Context(), 15*time.Second); err != nil || m.Kind != object.Heartbeat {
			t.Fatalf("while there is none: %+v, %v", m, err)
		}
		go func() {
			if _, err := w.do(create("t")); err != nil {
				t.Error(err)
			}
		}()
		if m := expect(t, f, object.Snapshot, 1); len(m.Events) != 1 {
			t.Errorf("snapshot %+v", m)
		}
		w.close()
	})
}

// Whole tells what was waited for from its first event on, each life of the id
// anew; what was there at the start comes as a snapshot.
func TestWholeTellsACreationEventByEvent(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	ask := object.Follow{Forever: true, WaitForCreate: true, Whole: true}
	waits := w.follow("t", ask)
	w.must(create("t"), progress("t", 10), progress("t", 20))
	there := w.follow("t", ask)
	expect(t, there, object.Snapshot, 3)
	expect(t, there, object.Current, 3)
	for i := int64(1); i <= 3; i++ {
		if m := expect(t, waits, object.Event, i); m.State.Sequence != i {
			t.Errorf("event %d shows the task at %d", i, m.State.Sequence)
		}
	}
	expect(t, waits, object.Current, 3)
	w.must(remove("t"), create("t"), note("t", "x"))
	for _, f := range []*follower{waits, there} {
		expect(t, f, object.Removed, 3)
		expect(t, f, object.Event, 1)
		expect(t, f, object.Event, 2)
		expect(t, f, object.Current, 2)
	}
}

func TestACursorOfOtherDataTellsThatTheTaskIsGone(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	f := w.follow("t", object.Follow{Cursor: "ANOTHEREPOCH0000.1.3", Forever: true, WaitForCreate: true})
	expect(t, f, object.Removed, 3)
	w.must(create("t"))
	expect(t, f, object.Snapshot, 1)
}

func TestHeartbeatAfterSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, t.TempDir(), nil)
		w.must(create("t"))
		f, err := w.Follow(t.Context(), "t", object.Follow{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		expect(t, f, object.Snapshot, 1)
		cursor := expect(t, f, object.Current, 1).Cursor
		start := time.Now()
		m, err := f.Next(t.Context(), 15*time.Second)
		if err != nil || m.Kind != object.Heartbeat || m.Cursor != cursor || time.Since(start) != 15*time.Second {
			t.Errorf("%+v, %v after %v", m, err, time.Since(start))
		}
		w.close()
	})
}

// Followers that join before, during and after a burst, and that come back at
// random cursors, each see every sequence once (G7).
func TestEveryFollowerSeesEveryEventOnce(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), func(c *config) { c.IdleAfter = time.Millisecond })
	w.must(create("t"))
	const last, followers = 1001, 24
	start := expect(t, w.follow("t", object.Follow{}), object.Snapshot, 1).Cursor
	var wg sync.WaitGroup
	watch := func(seed uint64) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 7))
			cursor, at := start, int64(1)
			for at < last {
				f, err := w.Follow(context.Background(), "t", object.Follow{Cursor: cursor})
				if err != nil {
					t.Errorf("seed %d: %v", seed, err)
					return
				}
				for cut := 1 + r.IntN(200); cut > 0 && at < last; cut-- {
					m, err := f.Next(context.Background(), 0)
					if err != nil {
						t.Errorf("seed %d: after %d: %v", seed, at, err)
						return
					}
					if m.Kind != object.Event {
						continue
					}
					if m.Sequence != at+1 || m.State.Sequence != at+1 || m.Events[0].Sequence != at+1 {
						t.Errorf("seed %d: got %d after %d", seed, m.Sequence, at)
						return
					}
					cursor, at = m.Cursor, m.Sequence
				}
				f.Close()
			}
		})
	}
	for seed := range uint64(followers / 3) {
		watch(seed)
	}
	for i := 1; i < last; i++ {
		if i == last/2 {
			for seed := range uint64(followers / 3) {
				watch(100 + seed)
			}
		}
		w.must(progress("t", i%101))
	}
	for seed := range uint64(followers / 3) {
		watch(200 + seed)
	}
	wg.Wait()
	if s := w.Stats(); s.TailBytes != 0 && s.Topics == 0 {
		t.Errorf("nobody follows, yet %+v is kept", s)
	}
}
