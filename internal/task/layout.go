package task

import (
	"fmt"
	"slices"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Layout says how a task and its events lie in the columns of a task's file. The
// zero value is ready. Values are nil, int64 or string.
type Layout struct{}

// Class returns "task".
func (Layout) Class() string { return ClassName }

var stateColumns = []string{
	"task_id", "status", "progress", "created_at", "updated_at", "started_at",
	"completed_at", "failed_at", "canceled_at", "metadata", "type", "tags",
	"created_by", "result", "error",
}

// StateColumns returns the names of the columns of State.
func (Layout) StateColumns() []string { return slices.Clone(stateColumns) }

// State returns a task as one row: times that have not come, and metadata,
// result and error that there are none of, are nil; tags are a JSON array.
func (Layout) State(t Task, _ journal.Row) []any {
	return []any{
		t.ID,
		t.Status.String(),
		int64(t.Progress),
		t.CreatedAt,
		t.UpdatedAt,
		orNil(t.StartedAt),
		endedAs(t, Success),
		endedAs(t, Failed),
		endedAs(t, Canceled),
		orNil(t.Metadata),
		t.Type,
		string(appendStrings(nil, t.Tags)),
		t.CreatedBy,
		orNil(t.Result),
		orNil(t.Error),
	}
}

// endedAs returns when a task ended, if it did so with this status.
func endedAs(t Task, s Status) any {
	if t.Status != s {
		return nil
	}
	return t.EndedAt
}

// orNil returns nil for a zero value.
func orNil[V comparable](v V) any {
	var zero V
	if v == zero {
		return nil
	}
	return v
}

var eventColumns = []string{
	"id", "event_type", "kind", "message", "progress", "timestamp", "metadata",
	"actor", "status", "task_progress", "started_at", "start_progress", "created",
}

// EventColumns returns the names of the columns of Event.
func (Layout) EventColumns() []string { return slices.Clone(eventColumns) }

// Event returns an event as one row: progress, metadata and start that there are
// none of are nil; created is a JSON object for a creation, else nil.
func (Layout) Event(e Event) []any {
	var progress, created any
	if e.HasProgress {
		progress = int64(e.Progress)
	}
	if e.Kind == KindCreated {
		o := fields{dst: []byte{'{'}}
		o.text("type", e.TaskType)
		o.texts("tags", e.TaskTags)
		created = string(append(o.dst, '}'))
	}
	return []any{
		e.Sequence,
		e.Type.String(),
		e.Kind,
		e.Message,
		progress,
		e.Time,
		orNil(e.Metadata),
		e.Actor,
		e.Status.String(),
		int64(e.TaskProgress),
		orNil(e.StartedAt),
		int64(e.StartProgress),
		created,
	}
}

// ScanEvent is the inverse of Event. It fails with journal.ErrDamaged if the row
// is not one that Event made.
func (Layout) ScanEvent(values []any) (Event, error) {
	if len(values) != len(eventColumns) {
		return Event{}, fmt.Errorf("task: scan event: %d values for %d columns: %w", len(values), len(eventColumns), journal.ErrDamaged)
	}
	var c columns
	var e Event
	for i, v := range values {
		c.name = eventColumns[i]
		c.event(&e, v)
	}
	if c.err != nil {
		return Event{}, fmt.Errorf("task: scan event: %w", c.err)
	}
	return e, nil
}

// columns reads the values of one row. After the first fault it reads zero
// values.
type columns struct {
	name string // of the column that is read
	err  error
}

func (c *columns) fail(v any) {
	if c.err == nil {
		c.err = fmt.Errorf("column %s holds %.40v: %w", c.name, v, journal.ErrDamaged)
	}
}

// event reads the value of the named column into e.
func (c *columns) event(e *Event, v any) {
	switch c.name {
	case "id":
		e.Sequence = c.number(v)
	case "event_type":
		e.Type = word(c, v, Log, SuccessEvent)
	case "kind":
		e.Kind = c.text(v)
	case "message":
		e.Message = c.text(v)
	case "progress":
		if v != nil {
			e.Progress, e.HasProgress = int(c.number(v)), true
		}
	case "timestamp":
		e.Time = c.number(v)
	case "metadata":
		e.Metadata = c.textOrNil(v)
	case "actor":
		e.Actor = c.text(v)
	case "status":
		e.Status = word(c, v, Pending, Canceled)
	case "task_progress":
		e.TaskProgress = int(c.number(v))
	case "started_at":
		if v != nil {
			e.StartedAt = c.number(v)
		}
	case "start_progress":
		e.StartProgress = int(c.number(v))
	case "created":
		c.created(e, c.textOrNil(v))
	}
}

func (c *columns) number(v any) int64 {
	n, ok := v.(int64)
	if !ok {
		c.fail(v)
	}
	return n
}

func (c *columns) text(v any) string {
	s, ok := v.(string)
	if !ok {
		c.fail(v)
	}
	return s
}

func (c *columns) textOrNil(v any) string {
	if v == nil {
		return ""
	}
	return c.text(v)
}

// word reads one of the words from first to last.
func word[W interface {
	~uint8
	String() string
}](c *columns, v any, first, last W) W {
	s := c.text(v)
	for w := first; w <= last; w++ {
		if w.String() == s {
			return w
		}
	}
	c.fail(v)
	return 0
}

func (c *columns) created(e *Event, text string) {
	if text == "" {
		return
	}
	err := decodeObject([]byte(text), func(r *reader, name []byte) {
		switch string(name) {
		case "type":
			e.TaskType = string(r.bytes())
		case "tags":
			e.TaskTags = r.strings()
		default:
			r.fail("field %q is unknown", name)
		}
	})
	if err != nil {
		c.fail(text)
	}
}
