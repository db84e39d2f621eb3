package task

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
)

// ScanState is the inverse of State, as far as the columns tell; Recall adds the
// rest. It fails with journal.ErrDamaged if the row is not one that State made.
func (Layout) ScanState(values []any) (Task, error) {
	var t Task
	row := canonical.Row(stateColumns, values)
	for row.Next() {
		t.scan(&row, row.Value)
	}
	if err := row.Err(); err != nil {
		return Task{}, fmt.Errorf("task: scan state: %w", err)
	}
	return t, nil
}

// Recall returns the task with what an event of it tells and no column does:
// the sequence, where its rate is measured from, who ended it. It is called with
// the events that a file has, ascending.
func (Layout) Recall(t Task, e Event) Task {
	t.Sequence, t.StartProgress = e.Sequence, e.StartProgress
	switch e.Kind {
	case KindSucceeded, KindFailed, KindCanceled:
		t.EndSequence, t.EndedBy = e.Sequence, e.Actor
	}
	return t
}

// scan reads the value of the column that is named.
func (t *Task) scan(c *canonical.Columns, v any) {
	switch c.Name {
	case "task_id":
		t.ID = c.Text(v)
	case "status":
		t.Status = canonical.Word(c, v, Pending, Canceled)
	case "progress":
		t.Progress = int(c.Number(v))
	case "created_at":
		t.CreatedAt = c.Number(v)
	case "updated_at":
		t.UpdatedAt = c.Number(v)
	case "started_at":
		if v != nil {
			t.StartedAt = c.Number(v)
		}
	case "completed_at", "failed_at", "canceled_at":
		if v != nil {
			t.EndedAt = c.Number(v)
		}
	case "metadata":
		t.Metadata = c.TextOrNil(v)
	case "type":
		t.Type = c.Text(v)
	case "tags":
		t.scanTags(c, c.Text(v))
	case "created_by":
		t.CreatedBy = c.Text(v)
	case "result":
		t.Result = c.TextOrNil(v)
	case "error":
		t.Error = c.TextOrNil(v)
	}
}

func (t *Task) scanTags(c *canonical.Columns, text string) {
	err := canonical.Read([]byte(`{"tags":`+text+`}`), func(r *canonical.Reader, _ []byte) { t.Tags = r.Strings() })
	if err != nil {
		c.Fail(text)
	}
}
