package task

import "fmt"

// Events returns again the events that a command left, given the task right
// after it, so that a repeated call is answered without reading history.
//
// The last event is exactly what Apply returned. Of those before it, when a
// command left several, Status, TaskProgress, StartedAt and StartProgress are
// the task's after the last one, since what they were in between is not kept;
// no caller sees them.
func Events(cmd Command, after Task, actor string) []Event {
	events := cmd.draft()
	first := after.Sequence - int64(len(events)) + 1
	for i := range events {
		e := &events[i]
		e.Sequence = first + int64(i)
		e.Time, e.Actor = after.UpdatedAt, actor
		e.Status, e.TaskProgress = after.Status, after.Progress
		e.StartedAt, e.StartProgress = after.StartedAt, after.StartProgress
	}
	return events
}

// At returns the task as it was right after e, one of its events, given the
// task at any later time.
func At(later Task, e Event) Task {
	t := later
	t.Sequence, t.UpdatedAt = e.Sequence, e.Time
	t.Status, t.Progress = e.Status, e.TaskProgress
	t.StartedAt, t.StartProgress = e.StartedAt, e.StartProgress
	if !e.Status.Final() {
		t.EndedAt, t.EndSequence, t.EndedBy = 0, 0, ""
		t.Result, t.Error = "", ""
	}
	return t
}

// Fold rebuilds a task from its whole history, ascending from the creation. It
// fails if that is not what the events are.
func Fold(id string, events []Event) (Task, error) {
	if len(events) == 0 || events[0].Kind != KindCreated {
		return Task{}, fmt.Errorf("task: history of %q does not begin with %s", id, KindCreated)
	}
	first := events[0]
	t := Task{
		ID:        id,
		Type:      first.TaskType,
		Tags:      first.TaskTags,
		CreatedBy: first.Actor,
		Metadata:  first.Metadata,
		CreatedAt: first.Time,
	}
	for i := range events {
		e := &events[i]
		if e.Sequence != int64(i)+1 {
			return Task{}, fmt.Errorf("task: history of %q has event %d where %d is due", id, e.Sequence, i+1)
		}
		if e.Status.Final() && !t.Status.Final() {
			t.end(e.Time, e.Sequence, e)
		}
		t = At(t, *e)
	}
	return t, nil
}
