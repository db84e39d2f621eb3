package ledger

import (
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// writer is the one connection that changes the ledger, with its statements.
type writer struct {
	c     *sqlite3.Conn
	pages int  // in the -wal after the last commit
	stale bool // a commit that found no room left frames in the -wal

	scratch []byte // of receipt

	copy *sqlite3.Backup // that is under way; nil if none

	begin, commit, rollback              *sqlite3.Stmt
	insert, update, updateStatus, remove *sqlite3.Stmt // object
	setDetail, dropDetail                *sqlite3.Stmt
	addTag, dropTag                      *sqlite3.Stmt
	addEntry, dropEntries, dropAll, sum  *sqlite3.Stmt // journal
	raise, lower, dropTally              *sqlite3.Stmt
	bury                                 *sqlite3.Stmt // tombstone
	addReceipt                           *sqlite3.Stmt
	setMeta                              *sqlite3.Stmt
}

const (
	writerCacheKiB = 32 << 10
	readerCacheKiB = 4 << 10
)

func openWriter(path, vfs string) (*sqlite3.Conn, error) {
	c, err := sqlite.Open(sqlite.Config{
		Path: path, VFS: vfs, Journal: "wal", Checksums: true,
		CacheKiB: writerCacheKiB, Busy: 5 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	// Frames reach the -wal only with the commit they belong to: the check of a
	// torn end relies on it. Checkpoints are ours, since SQLite's own ones hide
	// their errors.
	if err := c.Exec("PRAGMA cache_spill = OFF; PRAGMA wal_autocheckpoint = 0"); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func newWriter(c *sqlite3.Conn) (*writer, error) {
	w := &writer{c: c}
	c.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		w.pages = pages
		return nil
	})
	for _, p := range []struct {
		to  **sqlite3.Stmt
		sql string
	}{
		{&w.begin, `BEGIN IMMEDIATE`},
		{&w.commit, `COMMIT`},
		{&w.rollback, `ROLLBACK`},
		{&w.insert, `INSERT INTO object (generation, class, id, status, type, created_by, tags, created_at, updated_at, sequence, last_lsn, last_hash, state)
			VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`},
		{&w.update, `UPDATE object SET updated_at = ?3, sequence = ?4, last_lsn = ?5, last_hash = ?6, state = ?7
			WHERE generation = ?1 AND sequence = ?2`},
		{&w.updateStatus, `UPDATE object SET updated_at = ?3, sequence = ?4, last_lsn = ?5, last_hash = ?6, state = ?7, status = ?8
			WHERE generation = ?1 AND sequence = ?2`},
		{&w.remove, `DELETE FROM object WHERE generation = ?1 AND sequence = ?2`},
		{&w.setDetail, `INSERT OR REPLACE INTO detail (generation, metadata, result) VALUES (?,?,?)`},
		{&w.dropDetail, `DELETE FROM detail WHERE generation = ?`},
		{&w.addTag, `INSERT INTO tag (class, tag, generation) VALUES (?,?,?)`},
		{&w.dropTag, `DELETE FROM tag WHERE class = ? AND tag = ? AND generation = ?`},
		{&w.addEntry, `INSERT INTO journal (generation, sequence, lsn, hash, entry) VALUES (?,?,?,?,?)`},
		{&w.dropEntries, `DELETE FROM journal WHERE generation = ? AND sequence <= ?`},
		{&w.dropAll, `DELETE FROM journal WHERE generation = ?`},
		{&w.sum, `SELECT ifnull(sum(length(entry)), 0), count(*) FROM journal WHERE generation = ? AND sequence <= ?`},
		{&w.raise, `INSERT INTO tally (class, created_by, status, n) VALUES (?1,?2,?3,?4)
			ON CONFLICT DO UPDATE SET n = n + ?4`},
		{&w.lower, `UPDATE tally SET n = n - ?4 WHERE class = ?1 AND created_by = ?2 AND status = ?3 AND n > ?4`},
		{&w.dropTally, `DELETE FROM tally WHERE class = ?1 AND created_by = ?2 AND status = ?3 AND n = ?4`},
		{&w.bury, `INSERT INTO tombstone (generation, class, id, lsn, deleted_at, uptime) VALUES (?,?,?,?,?,?)`},
		{&w.addReceipt, `INSERT INTO receipt (lsn, digest8, digest, request, generation, sequence, code, at, uptime, object)
			VALUES (?,?,?,?,?,?,?,?,?,?)`},
		{&w.setMeta, `UPDATE meta SET last_lsn = ?, uptime = ?`},
	} {
		s, err := sqlite.Prepare(c, p.sql)
		if err != nil {
			return nil, err
		}
		*p.to = s
	}
	return w, nil
}

func (w *writer) close() error {
	_ = w.endCopy() // its own caller is told
	return sqlite.CloseAll(w.c)
}

// keepWAL makes close leave the -wal as it is.
func (w *writer) keepWAL() {
	_, _ = w.c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
}

// frames returns how many frames of the -wal belong to commits that succeeded;
// below 0 if that cannot be said.
func (w *writer) frames() int64 {
	n, _, err := w.c.WALCheckpoint("main", sqlite3.CHECKPOINT_NOOP)
	if err != nil {
		return -1
	}
	return int64(n)
}

// truncate moves the whole -wal into the database and empties it.
func (w *writer) truncate() error {
	if _, _, err := w.c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		return err
	}
	w.stale, w.pages = false, 0
	return nil
}

func (w *writer) finish(uptime int64) error {
	if _, err := sqlite.Exec(w.c, "UPDATE meta SET uptime = ?", uptime); err != nil {
		return err
	}
	return w.truncate()
}
