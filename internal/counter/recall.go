package counter

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
)

// ScanState is the inverse of State, but for the sequence, which Recall adds. It
// fails with journal.ErrDamaged if the row is not one that State made.
func (Layout) ScanState(values []any) (Counter, error) {
	var c Counter
	row := canonical.Row(stateColumns, values)
	for row.Next() {
		c.scan(&row, row.Value)
	}
	if err := row.Err(); err != nil {
		return Counter{}, fmt.Errorf("counter: scan state: %w", err)
	}
	return c, nil
}

// Recall returns the counter with the sequence of an event of it. It is called
// with the events that a file has, ascending.
func (Layout) Recall(c Counter, e Event) Counter {
	c.Sequence = e.Sequence
	return c
}

// scan reads the value of the column that is named.
func (c *Counter) scan(row *canonical.Columns, v any) {
	switch row.Name {
	case "name":
		c.Name = row.Text(v)
	case "value":
		c.Value = row.Number(v)
	case "created_at":
		c.CreatedAt = row.Number(v)
	case "updated_at":
		c.UpdatedAt = row.Number(v)
	case "operation_count": // the sequence tells
		row.Number(v)
	case "initial_value":
		c.Initial = row.Number(v)
	case "previous_value":
		c.Previous = row.Number(v)
	case "created_by":
		c.CreatedBy = row.Text(v)
	}
}
