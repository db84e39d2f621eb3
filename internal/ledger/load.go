package ledger

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Load returns an object with what the journal still holds of it; see
// object.Journal.
func (l *Ledger) Load(ctx context.Context, key journal.Key) (o journal.Loaded, err error) {
	err = l.read(ctx, func(r *reader) error {
		o, err = r.load(key)
		return err
	})
	return o, err
}

// load reads all in one snapshot: the first statement stays open until the last
// is read.
func (r *reader) load(key journal.Key) (o journal.Loaded, err error) {
	b := bound{s: r.object}
	b.text(1, key.Class)
	b.text(2, key.ID)
	if b.err != nil {
		return o, b.err
	}
	defer r.object.Reset()
	if !r.object.Step() {
		if err := r.object.Err(); err != nil {
			return o, err
		}
		return o, journal.ErrNotFound
	}
	if o.Row, err = scanRow(r.object); err != nil {
		return o, err
	}
	if o.Detail, err = r.loadDetail(o.Row.Generation); err != nil {
		return o, err
	}
	o.Pending, err = r.pending(&o.Row)
	return o, err
}

func (r *reader) loadDetail(generation int64) (d journal.Detail, err error) {
	b := bound{s: r.detail}
	b.int(1, generation)
	if b.err != nil {
		return d, b.err
	}
	if r.detail.Step() {
		d.Metadata, d.Result = blob(r.detail, 0), blob(r.detail, 1)
	}
	return d, r.detail.Reset()
}

// blob copies a column; an empty one is nil.
func blob(s *sqlite3.Stmt, col int) []byte {
	if raw := s.ColumnRawBlob(col); len(raw) > 0 {
		return append([]byte(nil), raw...)
	}
	return nil
}

// pending reads the journal of an object and holds it against its row.
func (r *reader) pending(row *journal.Row) ([]journal.Entry, error) {
	b := bound{s: r.entries}
	b.int(1, row.Generation)
	if b.err != nil {
		return nil, b.err
	}
	entries, err := scanEntries(r.entries, row.Generation)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	if last := entries[len(entries)-1]; last.Sequence != row.Sequence || last.Hash != row.Hash {
		return nil, damaged("the journal of generation %d ends at event %d, its row at %d", row.Generation, last.Sequence, row.Sequence)
	}
	return entries, nil
}

// Entries reads back a part of an object's journal; see object.Journal. What is
// missing may have been forgotten meanwhile, so that alone is no damage of the
// ledger.
func (l *Ledger) Entries(ctx context.Context, generation, first, last int64) (entries []journal.Entry, err error) {
	err = l.read(ctx, func(r *reader) error {
		b := bound{s: r.span}
		b.int(1, generation)
		b.int(2, first)
		b.int(3, last)
		if b.err != nil {
			return b.err
		}
		entries, err = scanEntries(r.span, generation)
		return err
	})
	if err != nil {
		return nil, err
	}
	if n := int64(len(entries)); n != max(last-first+1, 0) || n > 0 && entries[0].Sequence != first {
		return nil, damaged("of events %d to %d of generation %d the journal holds %d", first, last, generation, n)
	}
	return entries, nil
}

// scanEntries reads rows of sequence, lsn, hash, entry and checks that they
// follow each other.
func scanEntries(s *sqlite3.Stmt, generation int64) (entries []journal.Entry, err error) {
	var link chainLink
	err = sqlite.Query(s, func() error {
		e := journal.Entry{Sequence: s.ColumnInt64(0), LSN: s.ColumnInt64(1), Hash: s.ColumnInt64(2), Data: s.ColumnBlob(3, nil)}
		entries = append(entries, e)
		return link.next(generation, &e)
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// chainLink checks that events follow each other; the zero value is before any.
type chainLink struct {
	sequence, lsn, hash int64
}

func (k *chainLink) next(generation int64, e *journal.Entry) error {
	first := k.sequence == 0
	if !first && (e.Sequence != k.sequence+1 || e.LSN < k.lsn) {
		return damaged("in the journal of generation %d event %d follows %d", generation, e.Sequence, k.sequence)
	}
	if (!first || e.Sequence == 1) && journal.Hash(k.hash, e.Data) != e.Hash {
		return damaged("event %d of generation %d is not what was written", e.Sequence, generation)
	}
	k.sequence, k.lsn, k.hash = e.Sequence, e.LSN, e.Hash
	return nil
}

// Backlog returns the keys of objects that the journal holds entries of; see
// object.Journal.
func (l *Ledger) Backlog(ctx context.Context, class string) (keys []journal.Key, err error) {
	generations := l.room.generations()
	err = l.read(ctx, func(r *reader) error {
		for _, g := range generations {
			b := bound{s: r.id}
			b.int(1, g)
			if b.err != nil {
				return b.err
			}
			if r.id.Step() && r.id.ColumnText(0) == class {
				keys = append(keys, journal.Key{Class: class, ID: r.id.ColumnText(1)})
			}
			if err := r.id.Reset(); err != nil {
				return err
			}
		}
		return nil
	})
	return keys, err
}
