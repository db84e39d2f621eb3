package sqlite_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

func TestAReadThatIsGivenUpIsNotAWholeOne(t *testing.T) {
	c, err := sqlite.Open(sqlite.Config{Path: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	c.SetInterrupt(ctx)
	defer c.SetInterrupt(context.Background())
	rows := 0
	err = sqlite.Each(c, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 100) SELECT i FROM n", func(*sqlite3.Stmt) error {
		if rows++; rows == 3 {
			cancel()
		}
		return nil
	})
	if rows == 100 || !errors.Is(err, sqlite3.INTERRUPT) && !errors.Is(err, context.Canceled) {
		t.Errorf("%d rows, %v; want an interrupt", rows, err)
	}
}
