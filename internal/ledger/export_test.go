package ledger

import (
	"context"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// The ledgers with a safety taken out, for tests that must notice.

func NewWithoutInspection(cfg Config) (*Ledger, error) { return create(cfg, mutant{inspection: true}) }

func NewWithoutCheckpoint(cfg Config) (*Ledger, error) {
	return create(cfg, mutant{checkpoint: true, cut: true})
}

func NewWithoutHeader(cfg Config) (*Ledger, error) { return create(cfg, mutant{header: true}) }

// CheckpointPages is for tests that fill the -wal.
const CheckpointPages = checkpointPages

func NewWithoutCut(cfg Config) (*Ledger, error) { return create(cfg, mutant{cut: true}) }

// Plans returns how SQLite runs what a listing consists of: the page with each
// index that the filter may drive, and the count.
func (l *Ledger) Plans(ctx context.Context, q journal.Query) (plans []string, err error) {
	err = l.snapshot(ctx, func(r *reader) error {
		sources := []*driver{nil}
		all := drivers(q.Class, &q.Filter)
		for i := range all {
			sources = append(sources, &all[i])
		}
		for _, d := range sources {
			from, w := source(&q, d)
			sql, values := pageSQL(&q, from, w)
			err := r.each("EXPLAIN QUERY PLAN "+sql, values, func(s *sqlite3.Stmt) error {
				plans = append(plans, s.ColumnText(3))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return plans, err
}

// WithMigration returns the configuration of a program that knows one migration
// more.
func WithMigration(cfg Config, sql string) (Config, error) {
	steps := fstest.MapFS{}
	names, err := fs.Glob(migrations(), "*.sql")
	if err != nil {
		return cfg, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations(), name)
		if err != nil {
			return cfg, err
		}
		steps[name] = &fstest.MapFile{Data: text}
	}
	steps[fmt.Sprintf("%04d_more.sql", len(names)+1)] = &fstest.MapFile{Data: []byte(sql)}
	c, err := sqlite.Open(sqlite.Config{Path: ":memory:"})
	if err != nil {
		return cfg, err
	}
	defer c.Close()
	if err := sqlite.Migrate(c, steps, applicationID); err != nil {
		return cfg, err
	}
	cfg.steps = steps
	cfg.schema, err = sqlite.SchemaSQL(c)
	return cfg, err
}
