package task

import "github.com/spectralnotify/spectralnotify/internal/rule"

// A Change is what a command does to a task.
type Change = rule.Change[Task, Event]

// Apply decides a command on a task, nil if there is none, at the time now, by
// the caller whose subject is actor. It returns what the command does, or an
// *rule.Error that says why it is refused; then nothing changes. Events are never
// earlier than the task's last one, even if now is. Neither t nor cmd is
// modified, and neither is kept.
//
// What is checked comes in this order: the fields of the command, whether the
// task exists, the expected sequence, whether the task has ended.
func Apply(t *Task, cmd Command, now int64, actor string) (Change, error) {
	if err := cmd.check(); err != nil {
		return Change{}, err
	}
	if c, ok := cmd.(Create); ok {
		if t != nil {
			return Change{}, names.Exists(c.ID)
		}
		return c.apply(now, actor), nil
	}
	if t == nil {
		return Change{}, NotFound(cmd.TaskID())
	}
	if err := names.AtSequence(t.ID, t.Sequence, cmd.expected()); err != nil {
		return Change{}, err
	}
	if _, ok := cmd.(Delete); ok {
		return Change{Next: *t, Delete: true}, nil
	}
	events := cmd.draft()
	if t.Status.Final() && !lateNotes(events) {
		return Change{}, terminal(t)
	}
	return change(*t, events, max(now, t.UpdatedAt), actor), nil
}

func (c Create) apply(now int64, actor string) Change {
	events := c.draft()
	return change(Task{
		ID:        c.ID,
		Type:      c.Type,
		Tags:      events[0].TaskTags,
		CreatedBy: actor,
		Status:    Pending,
		Metadata:  c.Metadata,
		CreatedAt: now,
	}, events, now, actor)
}

// lateNotes reports whether an ended task still accepts the events.
func lateNotes(events []Event) bool {
	for _, e := range events {
		if e.Kind != KindEvent || e.Type != Log || e.HasProgress {
			return false
		}
	}
	return true
}

// change lets drafts happen to a task.
func change(t Task, drafts []Event, now int64, actor string) Change {
	var detail bool
	for i := range drafts {
		e := &drafts[i]
		e.Time, e.Actor = now, actor
		t.happen(e)
		if e.Kind != KindEvent && e.Kind != KindProgress && e.Metadata != "" {
			detail = true
		}
	}
	return Change{Next: t, Events: drafts, Detail: detail}
}

// happen moves the task over a draft and writes into the draft what became of
// the task.
func (t *Task) happen(e *Event) {
	t.Sequence++
	t.UpdatedAt = e.Time
	if e.HasProgress {
		t.Progress = e.Progress
	}
	if e.Status != 0 {
		t.move(e)
	}
	e.Sequence = t.Sequence
	e.Status, e.TaskProgress = t.Status, t.Progress
	e.StartedAt, e.StartProgress = t.StartedAt, t.StartProgress
}

// move brings the task to the status of an event.
func (t *Task) move(e *Event) {
	if t.Status == Pending && e.Status != Pending {
		t.StartedAt, t.StartProgress = e.Time, t.Progress
	}
	t.Status = e.Status
	if e.Status.Final() {
		t.end(e.Time, t.Sequence, e)
	}
}

// end sets what the event that ends a task leaves in it.
func (t *Task) end(at, sequence int64, e *Event) {
	t.EndedAt, t.EndSequence, t.EndedBy = at, sequence, e.Actor
	t.Result = e.Metadata
	if e.Status == Failed {
		t.Error = e.Message
	}
}
