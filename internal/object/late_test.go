package object_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A late home answers only when it is let, after it wrote.
type lateHome struct {
	home
	wrote chan struct{} // gets an element for each Write that is held back
	let   chan struct{} // closed to let it answer
}

func newLateHome(c *config) *lateHome {
	l := &lateHome{home: c.Home, wrote: make(chan struct{}, 10), let: make(chan struct{})}
	c.Home = l
	return l
}

func (l *lateHome) Write(ctx context.Context, work []journal.Homecoming[task.Task, task.Event]) []error {
	errs := l.home.Write(ctx, work)
	l.wrote <- struct{}{}
	<-l.let
	return errs
}

// A late journal tells of a commit that forgets something, and answers it when it
// is let; before something is read back from it, it calls reading.
type lateJournal struct {
	object.Journal
	forgot  chan struct{} // closed by the first that forgets
	let     chan struct{} // nil: at once
	once    sync.Once
	reading func()
}

func (l *lateJournal) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	lost, err := l.Journal.Commit(ctx, batch)
	for i := range batch {
		if batch[i].Op == journal.OpForget && err == nil {
			l.once.Do(func() { close(l.forgot) })
			if l.let != nil {
				<-l.let
			}
		}
	}
	return lost, err
}

func (l *lateJournal) Entries(ctx context.Context, generation, first, last int64) ([]journal.Entry, error) {
	if l.reading != nil {
		l.reading()
	}
	return l.Journal.Entries(ctx, generation, first, last)
}

var everything = object.HistoryRange{Ascending: true, Limit: 10}

// While events that are not in memory are read back, some of them come home: the
// journal has lost them, the file has not got the others yet.
func TestEventsThatComeHomeWhileTheyAreReadAreNotLost(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]bool{"and it is known": true, "and it is not known yet": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h *lateHome
				j := &lateJournal{forgot: make(chan struct{})}
				w := open(t, t.TempDir(), func(c *config) {
					j.Journal, c.Journal = c.Journal, j
					h = newLateHome(c)
					c.MaxPendingBytes = 1 // nothing stays in memory
				})
				w.must(create("t"), note("t", "a"))
				<-h.wrote // after it was idle for a while
				w.must(note("t", "b"))
				if !shown {
					j.let = make(chan struct{})
				}
				var once sync.Once
				j.reading = func() {
					once.Do(func() {
						close(h.let)
						<-j.forgot
						if shown {
							synctest.Wait()
						}
					})
				}
				read := make(chan error)
				go func() {
					events, _, err := w.History(t.Context(), "t", everything)
					if err == nil && len(events) != 3 {
						t.Errorf("%d events", len(events))
					}
					read <- err
				}()
				if !shown {
					<-j.forgot
					synctest.Wait()
					close(j.let)
				}
				if err := <-read; err != nil {
					t.Error(err)
				}
				w.close()
			})
		})
	}
}

// An object is read anew, for want of room, while what it was before is on its way
// home: what then is forgotten is forgotten for both.
func TestAnObjectReadAnewLearnsWhatCameHome(t *testing.T) {
	t.Parallel()
	var h *lateHome
	room := &crowded{}
	j := &lateJournal{forgot: make(chan struct{})}
	w := open(t, t.TempDir(), func(c *config) {
		room.Journal = c.Journal
		j.Journal, c.Journal = room, j
		h = newLateHome(c)
		c.MaxPendingBytes, c.IdleAfter, c.FullDelay = 1, 1, 1
	})
	w.must(create("t"))
	<-h.wrote
	j.reading = func() { <-j.forgot } // whoever reads it back comes too late
	room.full.Store(true)
	if _, err := w.do(note("t", "refused")); !errors.Is(err, journal.ErrFull) {
		t.Fatal(err)
	}
	if _, err := w.Get(t.Context(), "t"); err != nil { // it is in memory again
		t.Fatal(err)
	}
	room.full.Store(false)
	close(h.let)
	<-j.forgot
	w.must(note("t", "a"))
	if _, err := w.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if events, _, err := w.History(t.Context(), "t", everything); err != nil || len(events) != 2 {
		t.Errorf("%d events, %v", len(events), err)
	}
	if n := w.ledger.JournalBytes(); n != 0 {
		t.Errorf("the journal still holds %d bytes", n)
	}
	w.close()
}
