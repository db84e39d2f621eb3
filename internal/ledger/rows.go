package ledger

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// bound collects the first error of many binds.
type bound struct {
	s   *sqlite3.Stmt
	err error
}

func (b *bound) int(i int, v int64) {
	if b.err == nil {
		b.err = b.s.BindInt64(i, v)
	}
}

func (b *bound) text(i int, v string) {
	if b.err == nil {
		b.err = b.s.BindText(i, v)
	}
}

var none = []byte{}

// blob binds v; nil is an empty blob, not NULL.
func (b *bound) blob(i int, v []byte) {
	if v == nil {
		v = none
	}
	if b.err == nil {
		b.err = b.s.BindBlob(i, v)
	}
}

func (b *bound) run() error {
	if b.err != nil {
		return b.err
	}
	return b.s.Exec()
}

func (w *writer) create(r *journal.Row) (bool, error) {
	b := bound{s: w.insert}
	b.int(1, r.Generation)
	b.text(2, r.Class)
	b.text(3, r.ID)
	b.int(4, int64(r.Status))
	b.text(5, r.Type)
	b.text(6, r.CreatedBy)
	b.text(7, tagsText(r.Tags))
	b.int(8, r.CreatedAt)
	b.int(9, r.UpdatedAt)
	b.int(10, r.Sequence)
	b.int(11, r.LSN)
	b.int(12, r.Hash)
	b.blob(13, r.State)
	if err := b.run(); err != nil || w.c.Changes() == 0 {
		return false, err
	}
	for _, tag := range r.Tags {
		if err := w.tag(w.addTag, r, tag); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (w *writer) tag(s *sqlite3.Stmt, r *journal.Row, tag string) error {
	b := bound{s: s}
	b.text(1, r.Class)
	b.text(2, tag)
	b.int(3, r.Generation)
	return b.run()
}

// change writes the row that the commits from c on lead to. The index over the
// status is left alone if they do not change it.
func (w *writer) change(c *journal.Commit, r *journal.Row) (bool, error) {
	s := w.update
	if r.Status != c.Was {
		s = w.updateStatus
	}
	b := bound{s: s}
	b.int(1, r.Generation)
	b.int(2, c.Expect)
	b.int(3, r.UpdatedAt)
	b.int(4, r.Sequence)
	b.int(5, r.LSN)
	b.int(6, r.Hash)
	b.blob(7, r.State)
	if r.Status != c.Was {
		b.int(8, int64(r.Status))
	}
	if err := b.run(); err != nil {
		return false, err
	}
	return w.c.Changes() == 1, nil
}

func (w *writer) delete(c *journal.Commit, now, uptime int64) (bool, error) {
	b := bound{s: w.remove}
	b.int(1, c.Row.Generation)
	b.int(2, c.Expect)
	if err := b.run(); err != nil || w.c.Changes() == 0 {
		return false, err
	}
	b = bound{s: w.bury}
	b.int(1, c.Row.Generation)
	b.text(2, c.Row.Class)
	b.text(3, c.Row.ID)
	b.int(4, c.Row.LSN)
	b.int(5, now)
	b.int(6, uptime)
	if err := b.run(); err != nil {
		return false, err
	}
	for _, tag := range c.Row.Tags {
		if err := w.tag(w.dropTag, &c.Row, tag); err != nil {
			return false, err
		}
	}
	for _, s := range []*sqlite3.Stmt{w.dropDetail, w.dropAll} {
		b = bound{s: s}
		b.int(1, c.Row.Generation)
		if err := b.run(); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (w *writer) detail(generation int64, d *journal.Detail) error {
	if len(d.Metadata) == 0 && len(d.Result) == 0 {
		b := bound{s: w.dropDetail}
		b.int(1, generation)
		return b.run()
	}
	b := bound{s: w.setDetail}
	b.int(1, generation)
	b.blob(2, d.Metadata)
	b.blob(3, d.Result)
	return b.run()
}

func (w *writer) entries(generation int64, entries []journal.Entry) error {
	for i := range entries {
		e := &entries[i]
		b := bound{s: w.addEntry}
		b.int(1, generation)
		b.int(2, e.Sequence)
		b.int(3, e.LSN)
		b.int(4, e.Hash)
		b.blob(5, e.Data)
		if err := b.run(); err != nil {
			return err
		}
	}
	return nil
}

// prefix returns the bytes of a generation's entries up to a sequence.
func (w *writer) prefix(generation, upto int64) (n int64, err error) {
	b := bound{s: w.sum}
	b.int(1, generation)
	b.int(2, upto)
	if b.err != nil {
		return 0, b.err
	}
	if w.sum.Step() {
		n = w.sum.ColumnInt64(0) + w.sum.ColumnInt64(1)*rowBytes
	}
	return n, w.sum.Reset()
}

func (w *writer) forget(generation, upto int64) error {
	b := bound{s: w.dropEntries}
	b.int(1, generation)
	b.int(2, upto)
	return b.run()
}

// tallies adds what a batch changes. A count that would fall below 0 is damage.
func (w *writer) tallies(delta map[tallyKey]int64) error {
	for k, n := range delta {
		if n == 0 {
			continue
		}
		s := w.raise
		if n < 0 {
			s = w.lower
		}
		if err := w.tallyBy(s, k, max(n, -n)); err != nil {
			return err
		}
		if n > 0 || w.c.Changes() > 0 {
			continue
		}
		if err := w.tallyBy(w.dropTally, k, -n); err != nil {
			return err
		}
		if w.c.Changes() == 0 {
			return damaged("fewer than %d objects of class %s, status %d, are counted, but as many leave it", -n, k.class, k.status)
		}
	}
	return nil
}

func (w *writer) tallyBy(s *sqlite3.Stmt, k tallyKey, n int64) error {
	b := bound{s: s}
	b.text(1, k.class)
	b.text(2, k.createdBy)
	b.int(3, int64(k.status))
	b.int(4, n)
	return b.run()
}

func (w *writer) receipt(c *journal.Commit, uptime int64) error {
	r := c.Receipt
	row := r.Row
	row.LSN = c.Row.LSN
	b := bound{s: w.addReceipt}
	b.int(1, c.Row.LSN)
	b.int(2, digest8(r.Digest))
	b.blob(3, r.Digest[:])
	b.blob(4, r.Request[:])
	b.int(5, r.Generation)
	b.int(6, r.Sequence)
	b.int(7, int64(r.Code))
	b.int(8, r.At)
	b.int(9, uptime)
	w.scratch = appendRow(w.scratch[:0], &row)
	b.blob(10, w.scratch)
	return b.run()
}

func digest8(d [32]byte) int64 { return int64(binary.BigEndian.Uint64(d[:8])) }

func (w *writer) meta(lsn, uptime int64) error {
	b := bound{s: w.setMeta}
	b.int(1, lsn)
	b.int(2, uptime)
	return b.run()
}

// tagsText returns tags as a JSON array; "" if there are none.
func tagsText(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	text, err := json.Marshal(tags)
	if err != nil {
		return "" // strings always marshal
	}
	return string(text)
}

func parseTags(text []byte) (tags []string, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &tags); err != nil {
		return nil, damaged("tags %q: %w", text, err)
	}
	return tags, nil
}

const rowColumns = "object.generation, object.class, object.id, object.status, object.type, object.created_by, object.tags," +
	" object.created_at, object.updated_at, object.sequence, object.last_lsn, object.last_hash, object.state"

// scanRow reads the columns of rowColumns.
func scanRow(s *sqlite3.Stmt) (r journal.Row, err error) {
	r.Generation = s.ColumnInt64(0)
	r.Class = intern(s.ColumnRawText(1))
	r.ID = s.ColumnText(2)
	r.Status = s.ColumnInt(3)
	r.Type = s.ColumnText(4)
	r.CreatedBy = s.ColumnText(5)
	r.CreatedAt = s.ColumnInt64(7)
	r.UpdatedAt = s.ColumnInt64(8)
	r.Sequence = s.ColumnInt64(9)
	r.LSN = s.ColumnInt64(10)
	r.Hash = s.ColumnInt64(11)
	r.State = s.ColumnBlob(12, nil)
	r.Tags, err = parseTags(s.ColumnRawText(6))
	if err != nil {
		return r, fmt.Errorf("generation %d: %w", r.Generation, err)
	}
	return r, nil
}

// intern spares a copy of the class that nearly all objects have.
func intern(class []byte) string {
	if string(class) == "task" {
		return "task"
	}
	return string(class)
}
