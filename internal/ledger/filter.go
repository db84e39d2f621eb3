package ledger

import (
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// where is a condition in SQL, with the values it binds.
type where struct {
	sql    string
	values []any
}

// A driver is an index that finds a superset of the matching objects: its
// condition as FROM and WHERE, and whether it yields them newest first. The
// other conditions are then checked on the rows.
type driver struct {
	from    string
	where   where
	ordered bool
}

const fromObject = "object"

// drivers returns the indexes that a filter can use, without the one over all
// objects of the class.
func drivers(class string, f *journal.Filter) []driver {
	var all []driver
	if f.IDPrefix != "" {
		all = append(all, driver{fromObject + " INDEXED BY sqlite_autoindex_object_1", idRange(class, f.IDPrefix), false})
	}
	for _, tag := range f.Tags {
		all = append(all, driver{"tag CROSS JOIN object USING (generation)", where{"tag.class = ? AND tag.tag = ?", []any{class, tag}}, true})
	}
	if f.CreatedBy != "" {
		all = append(all, driver{fromObject + " INDEXED BY object_creator", where{"object.class = ? AND created_by = ? AND created_by <> ''", []any{class, f.CreatedBy}}, true})
	}
	if f.Type != "" {
		all = append(all, driver{fromObject + " INDEXED BY object_type", where{"object.class = ? AND type = ? AND type <> ''", []any{class, f.Type}}, true})
	}
	if len(f.Statuses) > 0 {
		w := statusIn(f.Statuses)
		all = append(all, driver{fromObject + " INDEXED BY object_status", where{"object.class = ? AND " + w.sql, append([]any{class}, w.values...)}, len(f.Statuses) == 1})
	}
	return all
}

func statusIn(statuses []int) where {
	w := where{sql: "status IN (?" + strings.Repeat(",?", len(statuses)-1) + ")"}
	for _, s := range statuses {
		w.values = append(w.values, s)
	}
	return w
}

// idRange covers the ids that begin with prefix, byte by byte.
func idRange(class, prefix string) where {
	w := where{"object.class = ? AND id >= ?", []any{class, prefix}}
	if end := after(prefix); end != "" {
		w.sql += " AND id < CAST(? AS TEXT)"
		w.values = append(w.values, []byte(end))
	}
	return w
}

// after returns the least text above all that begin with prefix; "" if there is
// none.
func after(prefix string) string {
	b := []byte(prefix)
	for len(b) > 0 {
		if b[len(b)-1]++; b[len(b)-1] != 0 {
			return string(b)
		}
		b = b[:len(b)-1]
	}
	return ""
}

// matches is the whole filter as a condition on a row of object.
func matches(class string, f *journal.Filter) where {
	w := where{"object.class = ?", []any{class}}
	and := func(sql string, values ...any) {
		w.sql += " AND " + sql
		w.values = append(w.values, values...)
	}
	if len(f.Statuses) > 0 {
		s := statusIn(f.Statuses)
		and("+object."+s.sql, s.values...)
	}
	if f.IDPrefix != "" {
		r := idRange(class, f.IDPrefix)
		and("("+r.sql+")", r.values...)
	}
	if f.CreatedBy != "" {
		and("+created_by = ?", f.CreatedBy)
	}
	if f.Type != "" {
		and("+type = ?", f.Type)
	}
	for _, tag := range f.Tags {
		and("EXISTS (SELECT 1 FROM tag AS t WHERE t.class = object.class AND t.tag = ? AND t.generation = object.generation)", tag)
	}
	for _, bound := range []struct {
		sql   string
		value int64
	}{
		{"created_at >= ?", f.CreatedAfter},
		{"created_at < ?", f.CreatedBefore},
		{"updated_at >= ?", f.UpdatedAfter},
		{"updated_at < ?", f.UpdatedBefore},
	} {
		if bound.value != 0 {
			and(bound.sql, bound.value)
		}
	}
	return w
}

// counted reports whether the tally alone counts what a filter matches.
func counted(f *journal.Filter) bool {
	return f.IDPrefix == "" && len(f.Tags) == 0 && f.Type == "" &&
		f.CreatedAfter == 0 && f.CreatedBefore == 0 && f.UpdatedAfter == 0 && f.UpdatedBefore == 0
}
