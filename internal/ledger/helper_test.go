package ledger_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

// tracker makes commits of a few objects and remembers what was answered.
type tracker struct {
	l    *ledger.Ledger
	rows map[string]journal.Row // :: id -> the object as last answered
	may  map[string]journal.Row // :: id -> the object if the last batch happened after all
	n    int
	size int // of the events beside their text, in bytes
}

func track(l *ledger.Ledger) *tracker {
	return &tracker{l: l, rows: map[string]journal.Row{}}
}

// step commits a batch that touches every object, or makes it, and deletes one
// now and then. It returns the ledger's error.
func (k *tracker) step(t *testing.T, objects int) error {
	k.n++
	var batch []journal.Commit
	k.may = map[string]journal.Row{}
	for i := range objects {
		id := fmt.Sprint("o", i)
		row, there := k.rows[id]
		if there && (k.n+i)%7 == 0 {
			batch = append(batch, journal.Commit{Op: journal.OpDelete, Row: row, Expect: row.Sequence, Was: row.Status})
			continue
		}
		c := sized(&row, id, k.l, k.size)
		batch = append(batch, c)
		k.may[id] = row
	}
	lost, err := k.l.Commit(t.Context(), batch)
	if len(lost) > 0 {
		t.Fatalf("step %d: lost %v", k.n, lost)
	}
	if err == nil {
		k.took(batch)
	}
	return err
}

// event changes a row by one event, or makes it, and returns the commit.
func event(row *journal.Row, id string, l *ledger.Ledger) journal.Commit { return sized(row, id, l, 0) }

// sized is event for one that takes so many bytes more.
func sized(row *journal.Row, id string, l *ledger.Ledger, size int) journal.Commit {
	c := journal.Commit{Op: journal.OpAppend, Expect: row.Sequence, Was: row.Status}
	if row.Sequence == 0 {
		c.Op = journal.OpCreate
		*row = journal.Row{Key: journal.Key{Class: "task", ID: id}, Generation: l.Reserve(), Tags: []string{"x"}, CreatedBy: "ann"}
	}
	row.Sequence++
	row.Status = int(row.Sequence % 3)
	data := fmt.Appendf(make([]byte, size), "event %d of %s %d", row.Sequence, id, row.Generation)
	row.Hash = journal.Hash(row.Hash, data)
	row.State = data
	c.Row = *row
	c.Entries = []journal.Entry{{Sequence: row.Sequence, Hash: row.Hash, Data: data}}
	return c
}

func (k *tracker) took(batch []journal.Commit) {
	clear(k.rows)
	for _, c := range batch {
		if c.Op != journal.OpDelete {
			k.rows[c.Row.ID] = c.Row
		}
	}
	k.may = nil
}

// compare returns nil if a ledger holds what was answered, or all of the batch
// whose outcome is unknown.
func (k *tracker) compare(t *testing.T, l *ledger.Ledger) error {
	err := same(t, l, k.rows)
	if err != nil && k.may != nil && same(t, l, k.may) == nil {
		return nil
	}
	return err
}

// adopt goes on from what a ledger holds.
func (k *tracker) adopt(t *testing.T, l *ledger.Ledger) {
	k.l = l
	if k.may != nil && same(t, l, k.may) == nil {
		k.rows = k.may
	}
	k.may = nil
	for id := range k.rows {
		o, err := l.Load(t.Context(), journal.Key{Class: "task", ID: id})
		if err != nil {
			t.Fatal(err)
		}
		k.rows[id] = o.Row
	}
}

func same(t *testing.T, l *ledger.Ledger, rows map[string]journal.Row) error {
	t.Helper()
	page, err := l.List(t.Context(), journal.Query{Class: "task", Limit: 1000})
	if err != nil {
		return err
	}
	if len(page.Rows) != len(rows) || page.Count != int64(len(rows)) {
		return fmt.Errorf("%d objects are listed, %d counted, want %d", len(page.Rows), page.Count, len(rows))
	}
	for _, listed := range page.Rows {
		want, ok := rows[listed.Row.ID]
		o, err := l.Load(t.Context(), listed.Row.Key)
		switch {
		case err != nil:
			return err
		case !ok, want.Sequence != o.Row.Sequence, want.Hash != o.Row.Hash, want.Generation != o.Row.Generation, want.Status != o.Row.Status:
			return fmt.Errorf("%s is at %+v, want %+v", listed.Row.ID, o.Row, want)
		case len(o.Pending) != int(o.Row.Sequence):
			return fmt.Errorf("%s has %d events in the journal, want %d", listed.Row.ID, len(o.Pending), o.Row.Sequence)
		}
	}
	return nil
}

func isOne(err error, classes ...error) bool {
	for _, class := range classes {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}
