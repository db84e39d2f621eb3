package task

import (
	"fmt"
	"slices"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
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
		canonical.OrNil(t.StartedAt),
		endedAs(t, Success),
		endedAs(t, Failed),
		endedAs(t, Canceled),
		canonical.OrNil(t.Metadata),
		t.Type,
		string(canonical.AppendStrings(nil, t.Tags)),
		t.CreatedBy,
		canonical.OrNil(t.Result),
		canonical.OrNil(t.Error),
	}
}

// endedAs returns when a task ended, if it did so with this status.
func endedAs(t Task, s Status) any {
	if t.Status != s {
		return nil
	}
	return t.EndedAt
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
		o := canonical.Append(nil)
		o.Text("type", e.TaskType)
		o.Texts("tags", e.TaskTags)
		created = string(o.End())
	}
	return []any{
		e.Sequence,
		e.Type.String(),
		e.Kind,
		e.Message,
		progress,
		e.Time,
		canonical.OrNil(e.Metadata),
		e.Actor,
		e.Status.String(),
		int64(e.TaskProgress),
		canonical.OrNil(e.StartedAt),
		int64(e.StartProgress),
		created,
	}
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
		return Event{}, fmt.Errorf("task: scan event: %w", err)
	}
	return e, nil
}

// scan reads the value of the column that is named.
func (e *Event) scan(c *canonical.Columns, v any) {
	switch c.Name {
	case "id":
		e.Sequence = c.Number(v)
	case "event_type":
		e.Type = canonical.Word(c, v, Log, SuccessEvent)
	case "kind":
		e.Kind = c.Text(v)
	case "message":
		e.Message = c.Text(v)
	case "progress":
		if v != nil {
			e.Progress, e.HasProgress = int(c.Number(v)), true
		}
	case "timestamp":
		e.Time = c.Number(v)
	case "metadata":
		e.Metadata = c.TextOrNil(v)
	case "actor":
		e.Actor = c.Text(v)
	case "status":
		e.Status = canonical.Word(c, v, Pending, Canceled)
	case "task_progress":
		e.TaskProgress = int(c.Number(v))
	case "started_at":
		if v != nil {
			e.StartedAt = c.Number(v)
		}
	case "start_progress":
		e.StartProgress = int(c.Number(v))
	case "created":
		e.scanCreated(c, c.TextOrNil(v))
	}
}

func (e *Event) scanCreated(c *canonical.Columns, text string) {
	if text == "" {
		return
	}
	err := canonical.Read([]byte(text), func(r *canonical.Reader, name []byte) {
		switch string(name) {
		case "type":
			e.TaskType = string(r.Bytes())
		case "tags":
			e.TaskTags = r.Strings()
		default:
			r.Fail("field %q is unknown", name)
		}
	})
	if err != nil {
		c.Fail(text)
	}
}
