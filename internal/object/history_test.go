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

// raced is a home whose object is deleted while its file is about to be read.
type raced struct {
	home
	first  sync.Once
	delete func()
}

func (r *raced) History(ctx context.Context, generation int64, q journal.Range) ([]journal.Record[task.Event], error) {
	raced := false
	r.first.Do(func() { r.delete(); raced = true })
	if raced {
		return nil, journal.ErrNotFound
	}
	return r.home.History(ctx, generation, q)
}

// A reader whose object is deleted under its hands is told so, or gets the next
// one of that id: nothing is damaged.
func TestHistoryOfWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, then := range [][]task.Command{
		{remove("t")},
		{remove("t"), create("t"), note("t", "the next one")},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &raced{}
			w := open(t, t.TempDir(), func(c *config) { r.home, c.Home = c.Home, r })
			r.delete = func() { w.must(then...) }
			w.must(create("t"), complete("t"))
			synctest.Wait() // home
			events, _, err := w.History(t.Context(), "t", object.HistoryRange{Ascending: true, Limit: 10})
			switch {
			case len(then) == 1 && !errors.Is(err, journal.ErrNotFound):
				t.Errorf("deleted: %d events, %v", len(events), err)
			case len(then) > 1 && (err != nil || len(events) != 2 || events[1].Message != "the next one"):
				t.Errorf("deleted and made again: %d events, %v", len(events), err)
			}
			w.close()
		})
	}
}

func TestHistoryAfterTheLargestSequenceIsEmpty(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	w.must(create("t"))
	events, _, err := w.History(context.Background(), "t", object.HistoryRange{After: 1<<63 - 1, Ascending: true, Limit: 50})
	if err != nil || len(events) != 0 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// mute is a journal that cannot be read back from for a while.
type mute struct {
	object.Journal
	fault error
}

func (m *mute) Entries(ctx context.Context, generation, first, last int64) ([]journal.Entry, error) {
	if m.fault != nil {
		return nil, m.fault
	}
	return m.Journal.Entries(ctx, generation, first, last)
}

// Events that are neither in memory nor home are read back from the journal. While
// that cannot be read they are not damaged, only out of reach.
func TestHistoryOutOfReachIsNotDamaged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mute{}
		w := open(t, t.TempDir(), func(c *config) { m.Journal, c.Journal, c.MaxPendingBytes = c.Journal, m, 1 })
		w.must(create("t"))
		if _, err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.must(note("t", "not home yet"))
		all := object.HistoryRange{Ascending: true, Limit: 10}
		m.fault = journal.ErrUnknown
		if events, _, err := w.History(t.Context(), "t", all); !errors.Is(err, journal.ErrUnknown) || errors.Is(err, journal.ErrDamaged) {
			t.Errorf("while the journal cannot be read: %d events, %v; want %v", len(events), err, journal.ErrUnknown)
		}
		m.fault = nil
		if events, _, err := w.History(t.Context(), "t", all); err != nil || len(events) != 2 {
			t.Errorf("when it can again: %d events, %v", len(events), err)
		}
		w.close()
	})
}
