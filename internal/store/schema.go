package store

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// applicationID marks the files of objects, of any class: "snOb".
const applicationID = 0x736e4f62

const pageSize = 1024

//go:embed migration
var migrations embed.FS

// A schema is how the files of one class look: its migrations, and the
// statements on its newest tables.
type schema struct {
	steps   fs.FS
	version int64

	insertHead  string // id 1, own columns, state
	updateHead  string // own columns, state
	readHead    string
	insertEvent string // event, lsn, hash
	readEvents  string // lsn, hash, event; from ? to ?
	readHash    string // of ?
	tables      [2]string
}

// ownColumns of the metadata table are filled by the store.
var ownColumns = []string{"generation", "epoch", "sequence", "first_sequence", "lsn", "hash"}

func newSchema(steps fs.FS, class string, state, event []string) (*schema, error) {
	names, err := fs.Glob(steps, "*.sql")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("store: class %q has no migrations: %w", class, errors.Join(err, fs.ErrNotExist))
	}
	if len(event) == 0 || event[0] != "id" {
		return nil, fmt.Errorf("store: class %q: the first event column is not id", class)
	}
	meta, history := class+"_metadata", class+"_history"
	head := slices.Concat(ownColumns, state)
	row := slices.Concat(event, []string{"lsn", "hash"})
	return &schema{
		steps: steps, version: int64(len(names)), tables: [2]string{meta, history},
		insertHead:  fmt.Sprintf("INSERT INTO %s(id,%s) VALUES(1,%s)", meta, strings.Join(head, ","), marks(len(head))),
		updateHead:  fmt.Sprintf("UPDATE %s SET %s=? WHERE id=1", meta, strings.Join(head, "=?,")),
		readHead:    fmt.Sprintf("SELECT %s FROM %s WHERE id=1", strings.Join(ownColumns, ","), meta),
		insertEvent: fmt.Sprintf("INSERT INTO %s(%s) VALUES(%s)", history, strings.Join(row, ","), marks(len(row))),
		readEvents:  fmt.Sprintf("SELECT lsn,hash,%s FROM %s WHERE id BETWEEN ? AND ? ORDER BY id", strings.Join(event, ","), history),
		readHash:    fmt.Sprintf("SELECT hash FROM %s WHERE id=?", history),
	}, nil
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// check sees that a file is one of ours, and of a version that this program
// knows; older is true if it must be migrated before it is used.
func (s *schema) check(c *sqlite3.Conn) (older bool, err error) {
	sums, err := sqlite.Text(c, "PRAGMA "+sqlite.Attached+".checksum_verification")
	if err != nil {
		return false, err
	}
	id, err := sqlite.Int(c, "PRAGMA "+sqlite.Attached+".application_id")
	if err != nil {
		return false, err
	}
	version, err := sqlite.Int(c, "PRAGMA "+sqlite.Attached+".user_version")
	if err != nil {
		return false, err
	}
	switch {
	case sums != "1":
		return false, fmt.Errorf("%w: its pages have no checksums", journal.ErrDamaged)
	case id != applicationID || version < 1:
		return false, fmt.Errorf("%w: not the file of an object (application_id %#x, schema %d)", journal.ErrDamaged, id, version)
	case version > s.version:
		return false, fmt.Errorf("%w: schema %d, this one knows %d", sqlite.ErrNewer, version, s.version)
	}
	return version < s.version, nil
}

// A head is the store's own part of the metadata row.
type head struct {
	generation int64
	epoch      string
	sequence   int64 // of the last event
	first      int64 // sequence that the file begins with
	lsn        int64
	hash       int64 // of the last event
}

// values are in the order of ownColumns.
func (h head) values() []any {
	return []any{h.generation, h.epoch, h.sequence, h.first, h.lsn, h.hash}
}

// head reads the metadata row and checks that it is this generation's.
func (s *schema) head(c *sqlite3.Conn, generation int64) (head, error) {
	var h head
	rows := 0
	err := sqlite.Each(c, s.readHead, func(st *sqlite3.Stmt) error {
		rows++
		h = head{st.ColumnInt64(0), st.ColumnText(1), st.ColumnInt64(2), st.ColumnInt64(3), st.ColumnInt64(4), st.ColumnInt64(5)}
		return nil
	})
	switch {
	case err != nil:
		return h, err
	case rows == 0:
		return h, fmt.Errorf("%w: it has no metadata row", journal.ErrDamaged)
	case h.generation != generation:
		return h, fmt.Errorf("%w: it is the file of generation %d", journal.ErrDamaged, h.generation)
	case h.first < 1 || h.sequence < h.first:
		return h, fmt.Errorf("%w: it claims events %d to %d", journal.ErrDamaged, h.first, h.sequence)
	}
	return h, nil
}

// failure gives an error of SQLite's its class.
func failure(err error) error {
	switch {
	case err == nil, errors.Is(err, journal.ErrDamaged), errors.Is(err, journal.ErrNotFound):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", journal.ErrNotFound, err)
	}
	if errors.Is(err, sqlite3.IOERR_DATA) {
		return fmt.Errorf("%w: a page is not what was written, by its checksum: %w", journal.ErrDamaged, err)
	}
	for _, code := range []error{
		sqlite3.CORRUPT, sqlite3.NOTADB, sqlite3.FORMAT, sqlite3.IOERR_SHORT_READ,
		sqlite3.IOERR_CORRUPTFS, sqlite3.CANTOPEN_ISDIR, sqlite3.ERROR, sqlite3.MISMATCH,
	} {
		if errors.Is(err, code) {
			return fmt.Errorf("%w: %w", journal.ErrDamaged, err)
		}
	}
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: %w", journal.ErrNoDescriptors, err)
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.NOMEM), errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("%w: %w", journal.ErrUnreadable, err)
	}
	return err
}
