package store

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// inFile attaches a file to a connection for one piece of work; see
// sqlite.Attached.
func (s *Store[S, E]) inFile(path string, do func(*sqlite3.Conn) error) error {
	if err := s.watched.enter(); err != nil {
		return err
	}
	defer s.watched.leave()
	c, err := s.conns.get()
	if err != nil {
		return err
	}
	if err = s.attach(c, path); err == nil {
		err = do(c)
	}
	if err == nil {
		err = sqlite.Detach(c)
	}
	s.conns.put(c, err)
	return s.watched.explain(path, err)
}

// attach opens a file to read or change it. A journal that a killed process left
// is rolled back with the first read. The mode must be TRUNCATE: the journal is
// emptied and that is synced, while the unlink of DELETE is not and the journal
// can come back and undo what was answered for.
func (s *Store[S, E]) attach(c *sqlite3.Conn, path string) error {
	cfg := sqlite.Config{Path: path, VFS: s.watched.name, Journal: s.journalMode, PageSize: pageSize, MustExist: true}
	if err := sqlite.Attach(c, cfg); err != nil {
		return err
	}
	// Checksums are not asked for, since that would give them to a damaged file
	// that lost them; check sees that they are there.
	older, err := s.schema.check(c)
	if err != nil || !older {
		return err
	}
	if err := errors.Join(sqlite.Detach(c), s.migrate(cfg)); err != nil {
		return err
	}
	return sqlite.Attach(c, cfg)
}

// migrate brings an older file to the newest schema.
func (s *Store[S, E]) migrate(cfg sqlite.Config) error {
	c, err := sqlite.Open(cfg)
	if err != nil {
		return err
	}
	return errors.Join(sqlite.Migrate(c, s.schema.steps, applicationID), sqlite.CloseAll(c))
}
