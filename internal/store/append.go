package store

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// append adds to a file in place, in one transaction.
func (s *Store[S, E]) append(w *journal.Homecoming[S, E]) error {
	path, dir := s.Path(w.Row.Generation), s.dir(w.Row.Generation)
	var err error
	if s.dirs.failures(dir) > 0 {
		err = s.dropJournal(path)
	}
	if err == nil {
		err = s.inFile(path, func(c *sqlite3.Conn) error { return s.add(c, w) })
	}
	if err == nil {
		return nil
	}
	err = failure(err)
	if !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, journal.ErrNotFound) && !errors.Is(err, errInDoubt) {
		s.dirs.fail(dir) // what failed may have been the sync of the journal's name
	}
	return fmt.Errorf("store: add to %s: %w", path, err)
}

// dropJournal removes a file's journal after it was rolled back, if there was
// something to roll back. It is for a directory of which a sync has failed: the
// journal's name may not be durable and would not become so, and a change
// whose journal is lost in a power cut leaves half of it. The next change makes
// the name anew.
func (s *Store[S, E]) dropJournal(path string) error {
	err := s.inFile(path, func(c *sqlite3.Conn) error {
		_, err := sqlite.Int(c, "SELECT count(*) FROM "+sqlite.Attached+".sqlite_schema")
		return err
	})
	if err == nil {
		err = s.disk.Remove(journalOf(path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no journal; or no file, which is told better later
	}
	return err
}

// add writes the records that the file lacks. It writes the metadata row even if
// there are none: that the file shows them does not prove that they are durable,
// since the process that wrote them may have been killed before the last sync.
func (s *Store[S, E]) add(c *sqlite3.Conn, w *journal.Homecoming[S, E]) (err error) {
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	h, err := s.schema.head(c, w.Row.Generation)
	if err != nil {
		return err
	}
	fresh, err := s.skip(c, h, w)
	if err != nil {
		return err
	}
	if err := s.insert(c, h.hash, fresh); err != nil {
		return err
	}
	// The same values twice would be no change, and no change no transaction.
	row := s.headRow(w, h.first)
	if _, err := sqlite.Exec(c, fmt.Sprintf("UPDATE %s SET sequence=0 WHERE id=1", s.schema.tables[0])); err != nil {
		return err
	}
	_, err = sqlite.Exec(c, s.schema.updateHead, row...)
	return err
}

// skip returns the records that the file lacks. Those it has must be the same by
// their hash; it must not have more, nor lack one in between.
func (s *Store[S, E]) skip(c *sqlite3.Conn, h head, w *journal.Homecoming[S, E]) ([]journal.Record[E], error) {
	first := w.Records[0].Sequence
	switch {
	case h.sequence > w.Row.Sequence:
		return nil, other("it holds %d events, the journal knows %d", h.sequence, w.Row.Sequence)
	case first > h.sequence+1:
		return nil, fmt.Errorf("%w: it ends with event %d, the journal goes on with %d", journal.ErrDamaged, h.sequence, first)
	case first < h.first:
		return nil, other("it begins with event %d, the journal still has %d", h.first, first)
	}
	if first > 1 && first == h.first && !s.begun.has(w.Row.Generation) {
		return nil, errInDoubt
	}
	home := w.Records[:h.sequence-first+1]
	for _, r := range home {
		if err := s.same(c, r.Sequence, r.Hash); err != nil {
			return nil, err
		}
	}
	switch err := s.same(c, h.sequence, h.hash); {
	case errors.Is(err, errOther): // than its own
		return nil, fmt.Errorf("%w: its metadata row has another hash than event %d", journal.ErrDamaged, h.sequence)
	case err != nil:
		return nil, err
	}
	return w.Records[len(home):], nil
}

// same sees that the file holds an event of that hash.
func (s *Store[S, E]) same(c *sqlite3.Conn, sequence, hash int64) error {
	found, same := false, false
	err := sqlite.Each(c, s.schema.readHash, func(st *sqlite3.Stmt) error {
		found = st.ColumnType(0) == sqlite3.INTEGER
		same = found && st.ColumnInt64(0) == hash
		return nil
	}, sequence)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("%w: event %d is missing", journal.ErrDamaged, sequence)
	case !same:
		return other("event %d is not the one that was committed", sequence)
	}
	return nil
}

// insert adds records whose chain goes on from the hash prev.
func (s *Store[S, E]) insert(c *sqlite3.Conn, prev int64, records []journal.Record[E]) error {
	if len(records) == 0 {
		return nil
	}
	st, err := sqlite.Prepare(c, s.schema.insertEvent)
	if err != nil {
		return err
	}
	defer st.Close()
	var buf []byte
	for i := range records {
		r := &records[i]
		buf = s.cfg.Encode(buf[:0], r.Event)
		if journal.Hash(prev, buf) != r.Hash {
			return other("event %d does not follow the file's event %d by its hash", r.Sequence, r.Sequence-1)
		}
		prev = r.Hash
		if err := run(st, s.eventRow(r)...); err != nil {
			return err
		}
	}
	return nil
}
