package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// A Finding is something that is wrong with a ledger at rest.
type Finding struct {
	Where string // the table, or the file
	What  string
}

// maxFindings ends a check of a ledger that is wrong all over.
const maxFindings = 100

// Check verifies everything that can be verified on a ledger that nobody has
// open, and returns what is wrong. It changes nothing. The error says why it
// could not check; a ledger that cannot be opened at all is a finding.
func Check(ctx context.Context, path string) ([]Finding, error) {
	if err := inspectWAL(path, ""); err != nil {
		if isDamaged(err) {
			return []Finding{{walName(path), err.Error()}}, nil
		}
		return nil, fmt.Errorf("ledger: check %s: %w", path, err)
	}
	c, err := sqlite.Open(sqlite.Config{Path: path, ReadOnly: true, Checksums: true, CacheKiB: readerCacheKiB})
	if err != nil {
		if isDamaged(explain(err)) {
			return []Finding{{path, err.Error()}}, nil
		}
		return nil, fmt.Errorf("ledger: check %s: %w", path, err)
	}
	defer sqlite.CloseAll(c)
	_, _ = c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	c.SetInterrupt(ctx)
	k := checker{c: c}
	for _, check := range []func() error{k.pages, k.schema, k.counts, k.relations, k.journal, k.positions} {
		err := explain(check())
		switch {
		case ctx.Err() != nil:
			return k.found, ctx.Err()
		case isDamaged(err):
			k.add("ledger.db", "not all can be checked: %s", strings.TrimPrefix(err.Error(), journal.ErrDamaged.Error()+": "))
		case err != nil:
			return k.found, fmt.Errorf("ledger: check %s: %w", path, err)
		}
	}
	return k.found, nil
}

type checker struct {
	c     *sqlite3.Conn
	found []Finding
}

func (k *checker) add(where, what string, args ...any) {
	f := Finding{where, fmt.Sprintf(what, args...)}
	if len(k.found) < maxFindings && !slices.Contains(k.found, f) {
		k.found = append(k.found, f)
	}
}

// unread is what SQLite says of a page that fails its checksum.
var unread = strings.NewReplacer("*** in database main ***\n", "", "unable to get the page. error code=8202", "it is not what was written, by its checksum")

func (k *checker) pages() error {
	return sqlite.Each(k.c, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFindings), func(s *sqlite3.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			k.add("ledger.db", "%s", unread.Replace(text))
		}
		return nil
	})
}

func (k *checker) schema() error {
	got, err := sqlite.SchemaSQL(k.c)
	if err == nil && got != schemaSQL {
		k.add("sqlite_schema", "the schema is not the one that the migrations lead to")
	}
	return err
}

// rows adds a finding for each row of a query.
func (k *checker) rows(where, what, sql string) error {
	return sqlite.Each(k.c, sql, func(s *sqlite3.Stmt) error {
		args := make([]any, s.ColumnCount())
		for i := range args {
			args[i] = s.ColumnText(i)
		}
		k.add(where, what, args...)
		return nil
	})
}

// counts compares the tally with the objects.
func (k *checker) counts() error {
	return k.rows("tally", "class %s, creator %q, status %s: %s objects are counted, %s exist", `
		SELECT class, created_by, status, sum(said), sum(are) FROM (
			SELECT class, created_by, status, n AS said, 0 AS are FROM tally UNION ALL
			SELECT class, created_by, status, 0, count(*) FROM object GROUP BY class, created_by, status)
		GROUP BY class, created_by, status HAVING sum(said) <> sum(are)`)
}

// relations looks for rows whose object does not exist, or exists though it was
// deleted, and for tags that the row and the table know differently.
func (k *checker) relations() error {
	for _, r := range []struct{ where, what, sql string }{
		{"detail", "generation %s does not exist", "SELECT generation FROM detail WHERE generation NOT IN (SELECT generation FROM object)"},
		{"tag", "tag %q of generation %s, whose row does not have it", `SELECT t.tag, t.generation FROM tag AS t LEFT JOIN object AS o USING (generation)
			WHERE o.generation IS NULL OR o.class <> t.class OR o.tags = ''
			OR NOT EXISTS (SELECT 1 FROM json_each(o.tags) WHERE json_each.value = t.tag)`},
		{"object", "generation %s has tag %q, which does not find it", `SELECT o.generation, j.value FROM object AS o, json_each(o.tags) AS j
			WHERE o.tags <> '' AND NOT EXISTS (SELECT 1 FROM tag AS t WHERE t.class = o.class AND t.tag = j.value AND t.generation = o.generation)`},
		{"tombstone", "generation %s was deleted, but exists", "SELECT generation FROM tombstone WHERE generation IN (SELECT generation FROM object)"},
		{"sqlite_sequence", "generation %s exists, but the counter is at %s", `SELECT g, seq FROM (SELECT max(generation) AS g FROM
			(SELECT generation FROM object UNION ALL SELECT generation FROM tombstone)),
			(SELECT ifnull(max(seq), 0) AS seq FROM sqlite_sequence WHERE name = 'object') WHERE g > seq`},
	} {
		if err := k.rows(r.where, r.what, r.sql); err != nil {
			return err
		}
	}
	return nil
}

// journal follows each chain of events to its row.
func (k *checker) journal() error {
	row, err := sqlite.Prepare(k.c, rowEndSQL)
	if err != nil {
		return err
	}
	defer row.Close()
	var generation int64
	var link chainLink
	bad := false
	end := func() error {
		if generation == 0 || bad {
			return nil
		}
		return k.note("journal", meets(row, generation, link))
	}
	err = sqlite.Each(k.c, journalSQL, func(s *sqlite3.Stmt) error {
		if g := s.ColumnInt64(0); g != generation {
			if err := end(); err != nil {
				return err
			}
			generation, link, bad = g, chainLink{}, false
		}
		e := journal.Entry{Sequence: s.ColumnInt64(1), LSN: s.ColumnInt64(2), Hash: s.ColumnInt64(3), Data: s.ColumnRawBlob(4)}
		err := link.next(generation, &e)
		bad = bad || err != nil
		return k.note("journal", err)
	})
	if err != nil {
		return err
	}
	return end()
}

// note turns damage into a finding and passes on any other error.
func (k *checker) note(where string, err error) error {
	if isDamaged(err) {
		k.add(where, "%s", strings.TrimPrefix(err.Error(), journal.ErrDamaged.Error()+": "))
		return nil
	}
	return err
}

func (k *checker) positions() error {
	if err := k.rows("meta", "it has %s rows", "SELECT count(*) FROM meta HAVING count(*) <> 1"); err != nil {
		return err
	}
	return k.rows("meta", "the last commit is %s, but the newest row is of commit %s", `
		SELECT last_lsn, newest FROM meta, (SELECT max(lsn) AS newest FROM (
			SELECT max(last_lsn) AS lsn FROM object UNION ALL SELECT max(lsn) FROM tombstone UNION ALL SELECT max(lsn) FROM journal))
		WHERE last_lsn <> ifnull(newest, 0)`)
}
