package counter

import (
	"fmt"
	"slices"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Layout says how a counter and its events lie in the columns of a counter's file.
// The zero value is ready. Values are nil, int64 or string.
type Layout struct{}

// Class returns "counter".
func (Layout) Class() string { return ClassName }

var stateColumns = []string{
	"name", "value", "created_at", "updated_at", "operation_count", "initial_value", "previous_value", "created_by",
}

// StateColumns returns the names of the columns of State.
func (Layout) StateColumns() []string { return slices.Clone(stateColumns) }

// State returns a counter as one row.
func (Layout) State(c Counter, _ journal.Row) []any {
	return []any{c.Name, c.Value, c.CreatedAt, c.UpdatedAt, c.Operations(), c.Initial, c.Previous, c.CreatedBy}
}

var eventColumns = []string{"id", "kind", "value", "previous_value", "timestamp", "actor"}

// EventColumns returns the names of the columns of Event.
func (Layout) EventColumns() []string { return slices.Clone(eventColumns) }

// Event returns an event as one row.
func (Layout) Event(e Event) []any {
	return []any{e.Sequence, e.Kind, e.Value, e.Previous, e.Time, e.Actor}
}

// ScanEvent is the inverse of Event. It fails with journal.ErrDamaged if the row
// is not one that Event made.
func (Layout) ScanEvent(values []any) (Event, error) {
	var e Event
	c := canonical.Row(eventColumns, values)
	for c.Next() {
		e.scan(&c, c.Value)
	}
	if err := c.Err(); err != nil {
		return Event{}, fmt.Errorf("counter: scan event: %w", err)
	}
	return e, nil
}

// scan reads the value of the column that is named.
func (e *Event) scan(c *canonical.Columns, v any) {
	switch c.Name {
	case "id":
		e.Sequence = c.Number(v)
	case "kind":
		e.Kind = c.Text(v)
	case "value":
		e.Value = c.Number(v)
	case "previous_value":
		e.Previous = c.Number(v)
	case "timestamp":
		e.Time = c.Number(v)
	case "actor":
		e.Actor = c.Text(v)
	}
}
