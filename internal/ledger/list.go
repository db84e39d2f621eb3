package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// countLimit is how far matching objects are counted one by one.
const countLimit = 10_000

// List returns a page of the objects of a class that match a filter, newest
// first, from one snapshot. What it shows is durable, but may not have been
// shown yet: the caller waits for that up to Page.LSN. One that takes more than
// a second is given up with journal.ErrSlow.
func (l *Ledger) List(ctx context.Context, q journal.Query) (page journal.Page, err error) {
	if q.Limit <= 0 {
		return page, fmt.Errorf("ledger: list: a limit of %d", q.Limit)
	}
	err = l.snapshot(ctx, func(r *reader) error {
		if page.LSN, err = r.lsn(); err != nil {
			return err
		}
		d, err := r.choose(&q)
		if err != nil {
			return err
		}
		if page.Count, page.AtLeast, err = r.count(&q, d); err != nil {
			return err
		}
		page.Rows, page.Next, err = r.page(&q, d)
		return err
	})
	return page, err
}

// Tallies returns how many objects of a class there are of each status, by
// status, and the ledger position of the snapshot.
func (l *Ledger) Tallies(ctx context.Context, class string) (tallies []journal.Tally, lsn int64, err error) {
	err = l.snapshot(ctx, func(r *reader) error {
		if lsn, err = r.lsn(); err != nil {
			return err
		}
		return r.each("SELECT status, sum(n) FROM tally WHERE class = ? GROUP BY status ORDER BY status", []any{class}, func(s *sqlite3.Stmt) error {
			tallies = append(tallies, journal.Tally{Status: s.ColumnInt(0), Count: s.ColumnInt64(1)})
			return nil
		})
	})
	return tallies, lsn, err
}

// snapshot runs f in one read transaction, for at most the read limit.
func (l *Ledger) snapshot(ctx context.Context, f func(*reader) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readLimit, journal.ErrSlow)
	defer cancel()
	return l.read(ctx, func(r *reader) (err error) {
		if err := r.c.Exec("BEGIN"); err != nil {
			return err
		}
		defer func() {
			r.c.SetInterrupt(context.Background())
			err = errors.Join(err, r.c.Exec("ROLLBACK"))
		}()
		return f(r)
	})
}

// each runs a statement that is kept.
func (r *reader) each(sql string, values []any, row func(*sqlite3.Stmt) error) error {
	s, err := r.list(sql)
	if err != nil {
		return err
	}
	if err := sqlite.Bind(s, values...); err != nil {
		return err
	}
	return sqlite.Query(s, func() error { return row(s) })
}

func (r *reader) int(sql string, values []any) (n int64, err error) {
	err = r.each(sql, values, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil })
	return n, err
}

func (r *reader) lsn() (int64, error) { return r.int("SELECT last_lsn FROM meta", nil) }

// choose returns the index that finds the fewest objects, with how many they
// are, counted up to the limit; nil if none finds fewer than the limit and none
// is in order: then the class is walked newest first, where matches are dense.
func (r *reader) choose(q *journal.Query) (*driver, error) {
	var best *driver
	fewest := int64(countLimit)
	all := drivers(q.Class, &q.Filter)
	for i := range all {
		d := &all[i]
		n, err := r.int("SELECT count(*) FROM (SELECT 1 FROM "+d.from+" WHERE "+d.where.sql+" LIMIT ?)", append(d.where.values, fewest))
		if err != nil {
			return nil, err
		}
		if n < fewest {
			best, fewest = d, n
		}
	}
	if best == nil && q.Order == journal.ByCreated {
		for i := range all {
			if all[i].ordered {
				return &all[i], nil
			}
		}
	}
	return best, nil
}

// count returns how many objects match, exactly where the tally knows.
func (r *reader) count(q *journal.Query, d *driver) (n int64, atLeast bool, err error) {
	f := &q.Filter
	if counted(f) {
		w := where{"class = ?", []any{q.Class}}
		if f.CreatedBy != "" {
			w = where{w.sql + " AND created_by = ?", append(w.values, f.CreatedBy)}
		}
		if len(f.Statuses) > 0 {
			s := statusIn(f.Statuses)
			w = where{w.sql + " AND " + s.sql, append(w.values, s.values...)}
		}
		n, err = r.int("SELECT ifnull(sum(n), 0) FROM tally WHERE "+w.sql, w.values)
		return n, false, err
	}
	from, w := source(q, d)
	n, err = r.int("SELECT count(*) FROM (SELECT 1 FROM "+from+" WHERE "+w.sql+" LIMIT ?)", append(w.values, countLimit+1))
	return min(n, countLimit), n > countLimit, err
}

// source is the FROM and WHERE that finds what a query matches.
func source(q *journal.Query, d *driver) (string, where) {
	m := matches(q.Class, &q.Filter)
	switch {
	case d != nil:
		return d.from, where{d.where.sql + " AND " + m.sql, append(d.where.values[:len(d.where.values):len(d.where.values)], m.values...)}
	case q.Order == journal.ByUpdated:
		return "object INDEXED BY object_lsn", m
	}
	return "object INDEXED BY object_class", m
}

// page reads one row more than a page, to know whether another follows.
func (r *reader) page(q *journal.Query, d *driver) (rows []journal.Loaded, next int64, err error) {
	from, w := source(q, d)
	sql, values := pageSQL(q, from, w)
	more := false
	err = r.each(sql, values, func(s *sqlite3.Stmt) error {
		if len(rows) == q.Limit {
			more = true
			return nil
		}
		o, err := scanListed(s, q.Detail)
		rows = append(rows, o)
		return err
	})
	if more {
		last := rows[len(rows)-1].Row
		if next = last.Generation; q.Order == journal.ByUpdated {
			next = last.LSN
		}
	}
	return rows, next, err
}

func pageSQL(q *journal.Query, from string, w where) (string, []any) {
	by := "object.generation"
	if q.Order == journal.ByUpdated {
		by = "last_lsn"
	}
	columns := rowColumns
	if q.Detail {
		columns += ", detail.metadata, detail.result"
		from += " LEFT JOIN detail ON detail.generation = object.generation"
	}
	if q.Before > 0 {
		w = where{w.sql + " AND " + by + " < ?", append(w.values, q.Before)}
	}
	return "SELECT " + columns + " FROM " + from + " WHERE " + w.sql + " ORDER BY " + by + " DESC LIMIT ?", append(w.values, q.Limit+1)
}

func scanListed(s *sqlite3.Stmt, detail bool) (o journal.Loaded, err error) {
	o.Row, err = scanRow(s)
	if detail {
		o.Detail.Metadata, o.Detail.Result = blob(s, 13), blob(s, 14)
	}
	return o, err
}
