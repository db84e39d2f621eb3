package canonical

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// ScanRow reads a row of columns, giving each value to the function that reads it
// by the name in c. It fails with journal.ErrDamaged if that does, or if the row
// has another length.
func ScanRow(names []string, values []any, read func(c *Columns, v any)) error {
	if len(values) != len(names) {
		return fmt.Errorf("%d values for %d columns: %w", len(values), len(names), journal.ErrDamaged)
	}
	var c Columns
	for i, v := range values {
		c.Name = names[i]
		read(&c, v)
	}
	return c.err
}

// Columns read the values of one row. After the first fault they read zero
// values. Values are nil, int64 or string.
type Columns struct {
	Name string // of the column that is read
	err  error
}

// Fail says that a value is not what was written.
func (c *Columns) Fail(v any) {
	if c.err == nil {
		c.err = fmt.Errorf("column %s holds %.40v: %w", c.Name, v, journal.ErrDamaged)
	}
}

// Number reads a number.
func (c *Columns) Number(v any) int64 {
	n, ok := v.(int64)
	if !ok {
		c.Fail(v)
	}
	return n
}

// Text reads a text.
func (c *Columns) Text(v any) string {
	s, ok := v.(string)
	if !ok {
		c.Fail(v)
	}
	return s
}

// TextOrNil reads a text, "" for nil.
func (c *Columns) TextOrNil(v any) string {
	if v == nil {
		return ""
	}
	return c.Text(v)
}

// Word reads one of the words from first to last.
func Word[W interface {
	~uint8
	String() string
}](c *Columns, v any, first, last W) W {
	s := c.Text(v)
	for w := first; w <= last; w++ {
		if w.String() == s {
			return w
		}
	}
	c.Fail(v)
	return 0
}

// OrNil returns nil for a zero value.
func OrNil[V comparable](v V) any {
	var zero V
	if v == zero {
		return nil
	}
	return v
}
