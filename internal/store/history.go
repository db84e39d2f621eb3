package store

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// History reads records of an object's file, ascending: of those that match the
// range, as far as the file has them: if it begins later than the range does,
// from there on. It returns journal.ErrNotFound if there is no file,
// journal.ErrDamaged if what it read cannot be trusted, and a *journal.LostError
// if it begins after the range ends. A page is checked for gaps, and by the chain
// of hashes from the event before it.
func (s *Store[S, E]) History(ctx context.Context, generation int64, r journal.Range) ([]journal.Record[E], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var records []journal.Record[E]
	path := s.Path(generation)
	err := s.reading(ctx, path, func(c *sqlite3.Conn) (err error) {
		defer c.SetInterrupt(c.SetInterrupt(ctx))
		records, err = s.page(c, generation, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: read %s: %w", path, failure(err))
	}
	return records, nil
}

// maxReads is how many files are open for reading at once. More would be no
// faster, and each takes a descriptor and 260 KB; those who write do not wait
// for those who read.
const maxReads = 16

// reading opens a file for reading, when it is its turn.
func (s *Store[S, E]) reading(ctx context.Context, path string, do func(*sqlite3.Conn) error) error {
	select {
	case s.reads <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.reads }()
	return s.inFile(path, do)
}

// page reads in one transaction.
func (s *Store[S, E]) page(c *sqlite3.Conn, generation int64, r journal.Range) (_ []journal.Record[E], err error) {
	tx := c.Begin()
	defer tx.End(&err)
	h, err := s.schema.head(c, generation)
	if err != nil {
		return nil, err
	}
	if r.Upto < h.first {
		return nil, &journal.LostError{First: h.first}
	}
	after, upto := bounds(h, r)
	if after >= upto {
		return nil, nil
	}
	return s.read(c, h, after, upto)
}

// bounds turns a range into the events after one and up to another that the
// file should have.
func bounds(h head, r journal.Range) (after, upto int64) {
	after, upto = max(r.After, h.first-1), min(r.Upto, h.sequence)
	limit := int64(max(r.Limit, 0))
	if r.Newest {
		after = max(after, upto-limit)
	} else if upto-after > limit {
		upto = after + limit
	}
	return after, upto
}

// read returns exactly the events after+1 to upto, checked.
func (s *Store[S, E]) read(c *sqlite3.Conn, h head, after, upto int64) ([]journal.Record[E], error) {
	records := make([]journal.Record[E], 0, upto-after)
	chain := chain[E]{encode: s.cfg.Encode, last: after, known: after == 0}
	from := after + 1
	if after >= h.first {
		from = after // for its hash
	}
	values := make([]any, len(s.cfg.Layout.EventColumns()))
	err := sqlite.Each(c, s.schema.readEvents, func(st *sqlite3.Stmt) error {
		sequence, hash := st.ColumnInt64(2), st.ColumnInt64(1)
		if sequence == after {
			chain.hash, chain.known = hash, true
			return nil
		}
		if err := scan(st, 2, values); err != nil {
			return fmt.Errorf("%w: event %d: %w", journal.ErrDamaged, sequence, err)
		}
		e, err := s.cfg.Layout.ScanEvent(values)
		if err != nil {
			return fmt.Errorf("%w: event %d: %w", journal.ErrDamaged, sequence, err)
		}
		records = append(records, journal.Record[E]{Sequence: sequence, LSN: st.ColumnInt64(0), Hash: hash, Event: e})
		return chain.next(sequence, hash, e)
	}, from, upto)
	if err != nil {
		return nil, err
	}
	return records, chain.end(h, upto)
}

// scan copies a row's columns from one on.
func scan(st *sqlite3.Stmt, from int, values []any) error {
	for i := range values {
		switch t := st.ColumnType(from + i); t {
		case sqlite3.NULL:
			values[i] = nil
		case sqlite3.INTEGER:
			values[i] = st.ColumnInt64(from + i)
		case sqlite3.TEXT:
			values[i] = st.ColumnText(from + i)
		default:
			return fmt.Errorf("column %d is a %v", i+1, t)
		}
	}
	return nil
}

// A chain follows events and sees that each comes after the one before, by its
// number and by its hash.
type chain[E any] struct {
	encode func([]byte, E) []byte
	last   int64 // number of the event before
	hash   int64 // its hash
	known  bool  // hash is known; it is not for the first event of a file that begins later
	buf    []byte
}

func (c *chain[E]) next(sequence, hash int64, e E) error {
	if sequence != c.last+1 {
		return fmt.Errorf("%w: event %d comes after event %d", journal.ErrDamaged, sequence, c.last)
	}
	if c.known {
		c.buf = c.encode(c.buf[:0], e)
		if journal.Hash(c.hash, c.buf) != hash {
			return fmt.Errorf("%w: event %d is not the one that was written, by its hash", journal.ErrDamaged, sequence)
		}
	}
	c.last, c.hash, c.known = sequence, hash, true
	return nil
}

// end sees that the chain reached upto, and agrees with the metadata row there.
func (c *chain[E]) end(h head, upto int64) error {
	if c.last != upto {
		return fmt.Errorf("%w: it has no event %d, though it claims %d to %d", journal.ErrDamaged, c.last+1, h.first, h.sequence)
	}
	if upto == h.sequence && c.hash != h.hash {
		return fmt.Errorf("%w: its metadata row has another hash than event %d", journal.ErrDamaged, upto)
	}
	return nil
}
