package store

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// A bench builds whole database files in memory, one after the other. Each
// begins as the template, an empty file of the newest schema, and is filled in
// one transaction, so equal content gives equal bytes.
type bench struct {
	image    *image
	name     string
	template []byte
	conn     *sqlite3.Conn

	begin, commit, head, event *sqlite3.Stmt
}

// build returns a file with one metadata row and n events. The bytes are good
// until the next call. After an error the bench must be closed.
func (b *bench) build(headRow []any, n int, eventRow func(i int) []any) ([]byte, error) {
	// SQLite sees by the change counter in the header that its cache is stale:
	// the file that was built here before is one ahead of the template.
	b.image.data = append(b.image.data[:0], b.template...)
	if err := run(b.begin); err != nil {
		return nil, err
	}
	if err := run(b.head, headRow...); err != nil {
		return nil, err
	}
	for i := range n {
		if err := run(b.event, eventRow(i)...); err != nil {
			return nil, err
		}
	}
	if err := run(b.commit); err != nil {
		return nil, err
	}
	return b.image.data, nil
}

func run(s *sqlite3.Stmt, values ...any) error {
	if err := sqlite.Bind(s, values...); err != nil {
		return err
	}
	s.Step()
	return s.Reset()
}

func (b *bench) close() error {
	images.drop(b.name)
	for _, s := range []*sqlite3.Stmt{b.begin, b.commit, b.head, b.event} {
		_ = s.Close()
	}
	return b.conn.Close()
}

// template returns an empty file of the newest schema.
func template(s *schema) (data []byte, err error) {
	m := &image{}
	name := images.add(m)
	defer images.drop(name)
	c, err := sqlite.Open(sqlite.Config{Path: name, VFS: imageVFS, Journal: "memory", PageSize: pageSize, Checksums: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sqlite.CloseAll(c)) }()
	if err := sqlite.Migrate(c, s.steps, applicationID); err != nil {
		return nil, err
	}
	return append([]byte(nil), m.data...), nil
}

// newBench opens a bench. There is no journal and no sync: what fails here is
// thrown away.
func newBench(s *schema, template []byte) (*bench, error) {
	b := &bench{image: &image{data: append([]byte(nil), template...)}, template: template}
	b.name = images.add(b.image)
	c, err := sqlite3.Open("file:" + b.name + "?vfs=" + imageVFS)
	if err != nil {
		images.drop(b.name)
		return nil, fmt.Errorf("store: open workbench: %w", err)
	}
	b.conn = c
	err = c.Exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096; PRAGMA trusted_schema=OFF")
	for _, p := range []struct {
		at  **sqlite3.Stmt
		sql string
	}{
		{&b.begin, "BEGIN IMMEDIATE"}, {&b.commit, "COMMIT"}, {&b.head, s.insertHead}, {&b.event, s.insertEvent},
	} {
		if err == nil {
			*p.at, err = sqlite.Prepare(c, p.sql)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: prepare workbench: %w", err), b.close())
	}
	return b, nil
}
