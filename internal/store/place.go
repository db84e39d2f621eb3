package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Place makes a generation's file of the bytes of one, such as Copy wrote,
// durable but for its name, and cuts what comes after the object's row: a copy
// may be newer than the ledger it belongs to. It is for a data directory that
// nobody uses yet; after an error that directory is worthless.
//
// The error is journal.ErrDamaged if the bytes are not a whole file of that
// object, which goes on in what the journal still holds of it.
func (s *Store[S, E]) Place(ctx context.Context, o journal.Loaded, state S, from io.Reader) error {
	generation := o.Row.Generation
	if err := s.dirs.ensure(s.dir(generation)); err != nil {
		return err
	}
	f, err := s.disk.Create(s.Path(generation))
	if err != nil {
		return fmt.Errorf("store: place: %w", err)
	}
	_, err = io.Copy(writerOnly{f}, from)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("store: place %s: %w", s.Path(generation), err)
	}
	err = s.inFile(s.Path(generation), func(c *sqlite3.Conn) error {
		defer c.SetInterrupt(c.SetInterrupt(ctx))
		h, err := s.whole(c, generation, nil)
		if err != nil {
			return err
		}
		if h.sequence > o.Row.Sequence {
			return s.cut(c, o.Row, state, h)
		}
		return goesOn(h, o)
	})
	if err != nil {
		return fmt.Errorf("store: place %s: %w", s.Path(generation), failure(err))
	}
	return nil
}

// writerOnly hides what else a file can do from io.Copy.
type writerOnly struct{ io.Writer }

// cut removes the events after a row's, and makes the metadata row that of the
// state.
func (s *Store[S, E]) cut(c *sqlite3.Conn, row journal.Row, state S, h head) (err error) {
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	if err := s.same(c, row.Sequence, row.Hash); err != nil {
		return err
	}
	if _, err := sqlite.Exec(c, "DELETE FROM "+s.schema.tables[1]+" WHERE id>?", row.Sequence); err != nil {
		return err
	}
	values := s.headRow(&journal.Homecoming[S, E]{Row: row, State: state}, h.first)
	_, err = sqlite.Exec(c, s.schema.updateHead, values...)
	return err
}

// goesOn sees that a file and what the journal holds are one history up to the
// row.
func goesOn(h head, o journal.Loaded) error {
	prev, next := h.hash, h.sequence+1
	if next <= o.Row.Sequence && (len(o.Pending) == 0 || next < o.Pending[0].Sequence) {
		return fmt.Errorf("%w: it ends with event %d, and the ledger lacks the next one", journal.ErrDamaged, h.sequence)
	}
	for _, e := range o.Pending {
		switch {
		case e.Sequence == h.sequence && e.Hash != h.hash:
			return fmt.Errorf("%w: event %d is another one in the ledger", journal.ErrDamaged, e.Sequence)
		case e.Sequence == next && journal.Hash(prev, e.Data) != e.Hash:
			return fmt.Errorf("%w: event %d of the ledger does not follow it", journal.ErrDamaged, e.Sequence)
		}
	}
	if h.sequence == o.Row.Sequence && h.hash != o.Row.Hash {
		return fmt.Errorf("%w: event %d is another one in the ledger", journal.ErrDamaged, h.sequence)
	}
	return nil
}
