package canonical

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Columns read the values of one row, one after the other. After the first fault
// they read zero values. Values are nil, int64 or string.
type Columns struct {
	Name  string // of the column that is read
	Value any

	names  []string
	values []any
	err    error
}

// Row returns the columns of a row, before the first.
func Row(names []string, values []any) Columns {
	c := Columns{names: names, values: values}
	if len(values) != len(names) {
		c.err = fmt.Errorf("%d values for %d columns: %w", len(values), len(names), journal.ErrDamaged)
		c.values = nil
	}
	return c
}

// Next goes to the next column; false if there is none.
func (c *Columns) Next() bool {
	if len(c.values) == 0 {
		return false
	}
	c.Name, c.Value, c.names, c.values = c.names[0], c.values[0], c.names[1:], c.values[1:]
	return true
}

// Err returns the first fault, which is journal.ErrDamaged; nil if there is none.
func (c *Columns) Err() error { return c.err }

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
