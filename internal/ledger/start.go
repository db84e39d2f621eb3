package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// open opens the ledger as at the start: the -wal is inspected raw, then moved
// into the database before anything is read from it, then what was read is
// checked. The caller holds mu, or is New.
func (l *Ledger) open() (err error) {
	defer func() {
		if err != nil {
			l.abandon(err)
			err = fmt.Errorf("ledger: open %s: %w", l.path, explain(err))
		}
	}()
	if !l.lacks.inspection {
		if err := inspectWAL(l.path, l.cfg.VFS); err != nil {
			return err
		}
	}
	if !l.lacks.header {
		if err := mendHeader(l.path, l.cfg.VFS); err != nil {
			return err
		}
	}
	c, err := openWriter(l.path, l.disk.name)
	if err != nil {
		return err
	}
	l.w = &writer{c: c}
	if !l.lacks.checkpoint {
		if err := l.w.truncate(); err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
	}
	if err := sqlite.Migrate(c, l.cfg.steps, applicationID); err != nil {
		return err
	}
	if err := l.syncDir(); err != nil {
		return err
	}
	if err := l.begin(c); err != nil {
		return err
	}
	if err := l.examine(c); err != nil {
		return err
	}
	if l.w, err = newWriter(c); err != nil {
		l.w = &writer{c: c}
		return err
	}
	p, err := openPool(l.path, l.disk.name, l.cfg.Readers)
	if err != nil {
		return err
	}
	l.pool.Store(p)
	return nil
}

// syncDir makes the name of a new file durable. On a VFS of its own the -wal,
// synced in the same directory, has seen to it.
func (l *Ledger) syncDir() error {
	if l.cfg.VFS != "" {
		return nil
	}
	d, err := os.Open(l.cfg.Dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func isDamaged(err error) bool { return errors.Is(err, journal.ErrDamaged) }

// begin writes the meta row of a new ledger.
func (l *Ledger) begin(c *sqlite3.Conn) error {
	used, err := sqlite.Int(c, `SELECT EXISTS (SELECT 1 FROM meta) OR EXISTS (SELECT 1 FROM sqlite_sequence) OR EXISTS (SELECT 1 FROM object)
		OR EXISTS (SELECT 1 FROM journal) OR EXISTS (SELECT 1 FROM tombstone)`)
	if err != nil || used != 0 {
		return err
	}
	_, err = sqlite.Exec(c, "INSERT INTO meta (id, epoch, last_lsn, uptime, created_at) VALUES (1, ?, 0, 0, ?)", rand.Text()[:16], l.cfg.Now())
	return err
}

// examine reads what the ledger needs to know and checks what can be checked
// without reading everything: doctor does the rest.
func (l *Ledger) examine(c *sqlite3.Conn) error {
	schema, err := sqlite.SchemaSQL(c)
	if err != nil {
		return err
	}
	if schema != l.cfg.schema {
		return damaged("the schema is not the one that the migrations lead to")
	}
	if err := l.readMeta(c); err != nil {
		return err
	}
	last, err := lastLSN(c)
	if err != nil {
		return err
	}
	journalLast, err := l.readJournal(c)
	if err != nil {
		return err
	}
	if last = max(last, journalLast); last != l.lsn {
		return damaged("the last commit is %d, but the newest row is of commit %d", l.lsn, last)
	}
	return nil
}

func (l *Ledger) readMeta(c *sqlite3.Conn) error {
	rows := 0
	err := sqlite.Each(c, "SELECT epoch, last_lsn, uptime FROM meta", func(s *sqlite3.Stmt) error {
		epoch := s.ColumnText(0)
		l.epoch.Store(&epoch)
		l.lsn, l.base, l.since = s.ColumnInt64(1), s.ColumnInt64(2), l.cfg.Monotonic()
		rows++
		return nil
	})
	if err != nil {
		return err
	}
	if rows != 1 {
		return damaged("its meta table has %d rows", rows)
	}
	used, err := sqlite.Int(c, "SELECT max(ifnull((SELECT max(generation) FROM object), 0), ifnull((SELECT max(generation) FROM tombstone), 0))")
	if err != nil {
		return err
	}
	counter, err := sqlite.Int(c, "SELECT seq FROM sqlite_sequence WHERE name = 'object'")
	if err != nil {
		return err
	}
	if counter < used {
		return damaged("generation %d exists, but the counter is at %d", used, counter)
	}
	l.next.Store(max(l.next.Load(), counter))
	return nil
}

// lastLSN returns the position of the newest commit in registry and tombstones,
// by one step into an index for each class.
func lastLSN(c *sqlite3.Conn) (int64, error) {
	return sqlite.Int(c, `WITH RECURSIVE
		live (class) AS (SELECT min(class) FROM object UNION ALL
			SELECT (SELECT min(class) FROM object WHERE class > live.class) FROM live WHERE live.class IS NOT NULL),
		dead (class) AS (SELECT min(class) FROM tombstone UNION ALL
			SELECT (SELECT min(class) FROM tombstone WHERE class > dead.class) FROM dead WHERE dead.class IS NOT NULL)
		SELECT max(
			ifnull((SELECT max((SELECT max(last_lsn) FROM object WHERE object.class = live.class)) FROM live), 0),
			ifnull((SELECT max((SELECT max(lsn) FROM tombstone WHERE tombstone.class = dead.class)) FROM dead), 0))`)
}

const (
	journalSQL = "SELECT generation, sequence, lsn, hash, entry FROM journal ORDER BY generation, sequence"
	rowEndSQL  = "SELECT sequence, last_hash, last_lsn FROM object WHERE generation = ?"
)

// readJournal reads all of the journal once, in order, checks each chain of
// events and counts what they take. It returns the newest position.
func (l *Ledger) readJournal(c *sqlite3.Conn) (last int64, err error) {
	l.room.reset()
	row, err := sqlite.Prepare(c, rowEndSQL)
	if err != nil {
		return 0, err
	}
	defer row.Close()
	var generation, bytes int64
	var link chainLink
	end := func() error {
		if generation == 0 {
			return nil
		}
		l.room.add(generation, bytes, link.sequence)
		last = max(last, link.lsn)
		return meets(row, generation, link)
	}
	err = sqlite.Each(c, journalSQL, func(s *sqlite3.Stmt) error {
		if g := s.ColumnInt64(0); g != generation {
			if err := end(); err != nil {
				return err
			}
			generation, bytes, link = g, 0, chainLink{}
		}
		e := journal.Entry{Sequence: s.ColumnInt64(1), LSN: s.ColumnInt64(2), Hash: s.ColumnInt64(3), Data: s.ColumnRawBlob(4)}
		bytes += rowBytes + int64(len(e.Data))
		return link.next(generation, &e)
	})
	if err != nil {
		return 0, err
	}
	return last, end()
}

// meets checks that the journal of a generation ends where its row stands.
func meets(row *sqlite3.Stmt, generation int64, link chainLink) error {
	if err := row.BindInt64(1, generation); err != nil {
		return err
	}
	found := false
	err := sqlite.Query(row, func() error {
		found = true
		if row.ColumnInt64(0) != link.sequence || row.ColumnInt64(1) != link.hash || row.ColumnInt64(2) != link.lsn {
			return damaged("the journal of generation %d ends at event %d, its row at %d", generation, link.sequence, row.ColumnInt64(0))
		}
		return nil
	})
	if err == nil && !found {
		return damaged("the journal has events of generation %d, which does not exist", generation)
	}
	return err
}
