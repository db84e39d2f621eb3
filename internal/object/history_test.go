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
