package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Recall reads all of a generation's file, checked as Check does, for who knows
// nothing of the object yet: first the values of the layout's StateColumns, then
// each record, ascending. The error is as Check's, or that of state or record.
func (s *Store[S, E]) Recall(ctx context.Context, generation int64, state func([]any) error, record func(journal.Record[E]) error) (Checked, error) {
	var h head
	path := s.Path(generation)
	columns := s.cfg.Layout.StateColumns()
	err := s.reading(ctx, path, func(c *sqlite3.Conn) (err error) {
		defer c.SetInterrupt(c.SetInterrupt(ctx))
		values := make([]any, len(columns))
		sql := fmt.Sprintf("SELECT %s FROM %s WHERE id=1", strings.Join(columns, ","), s.schema.tables[0])
		if err := sqlite.Each(c, sql, func(st *sqlite3.Stmt) error { return scan(st, 0, values) }); err != nil {
			return err
		}
		if err := state(values); err != nil {
			return err
		}
		h, err = s.whole(c, generation, record)
		return err
	})
	if err != nil {
		return Checked{}, fmt.Errorf("store: recall %s: %w", path, failure(err))
	}
	return h.checked(), nil
}
