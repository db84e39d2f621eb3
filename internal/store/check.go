package store

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// A Checked file is what Check found in one.
type Checked struct {
	Generation int64
	Epoch      string // of the journal when it was last written
	First      int64  // sequence that it begins with
	Sequence   int64  // of its last event
	LSN        int64  // of its last commit
	Hash       int64  // of its last event
}

// Check reads all of a generation's file and sees that it is whole: its pages,
// its tables, that its events are dense, chained by their hashes, and end where
// the metadata row says. The error is as History's. A journal that a killed
// process left is rolled back.
func (s *Store[S, E]) Check(ctx context.Context, generation int64) (Checked, error) {
	var h head
	path := s.Path(generation)
	err := s.reading(ctx, path, func(c *sqlite3.Conn) (err error) {
		defer c.SetInterrupt(c.SetInterrupt(ctx))
		h, err = s.whole(c, generation, nil)
		return err
	})
	if err != nil {
		return Checked{}, fmt.Errorf("store: check %s: %w", path, failure(err))
	}
	return h.checked(), nil
}

func (h head) checked() Checked {
	return Checked{h.generation, h.epoch, h.first, h.sequence, h.lsn, h.hash}
}

// checkPage is how many events are in memory at once.
const checkPage = 1000

// whole checks all of a file, and shows each record that it has, ascending, if
// somebody wants to see them.
func (s *Store[S, E]) whole(c *sqlite3.Conn, generation int64, show func(journal.Record[E]) error) (h head, err error) {
	tx := c.Begin()
	defer tx.End(&err)
	text, err := sqlite.Text(c, "PRAGMA "+sqlite.Attached+".integrity_check")
	if err != nil {
		return h, err
	}
	if text != "ok" {
		return h, fmt.Errorf("%w: integrity_check: %.200s", journal.ErrDamaged, text)
	}
	if h, err = s.schema.head(c, generation); err != nil {
		return h, err
	}
	for after := h.first - 1; after < h.sequence; {
		upto := min(after+checkPage, h.sequence)
		records, err := s.read(c, h, after, upto)
		if err != nil {
			return h, err
		}
		for i := 0; i < len(records) && show != nil; i++ {
			if err := show(records[i]); err != nil {
				return h, err
			}
		}
		after = upto
	}
	rows, err := sqlite.Int(c, "SELECT count(*) FROM "+s.schema.tables[1])
	if err == nil && rows != h.sequence-h.first+1 {
		err = fmt.Errorf("%w: it has %d events and claims %d to %d", journal.ErrDamaged, rows, h.first, h.sequence)
	}
	return h, err
}
