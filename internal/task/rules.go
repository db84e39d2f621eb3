package task

import "github.com/spectralnotify/spectralnotify/internal/rule"

// Rules are the rules of tasks as a service needs them: its Class. The zero value
// is ready.
type Rules struct{}

// Name returns "task".
func (Rules) Name() string { return ClassName }

// ValidID checks a task's id.
func (Rules) ValidID(id string) error { return ValidID(id) }

// NotFound refuses a call on a task that does not exist.
func (Rules) NotFound(id string) *rule.Error { return NotFound(id) }

// Call says what a command is about.
func (Rules) Call(cmd Command) rule.Call {
	c := rule.Call{ID: cmd.TaskID(), Ends: Ends(cmd)}
	switch cmd.(type) {
	case Create:
		c.Creates = true
	case Delete:
		c.Deletes = true
	}
	return c
}

// WithID returns a Create with another id.
func (Rules) WithID(cmd Command, id string) Command {
	if c, ok := cmd.(Create); ok {
		c.ID = id
		return c
	}
	return cmd
}

// Apply is the function Apply.
func (Rules) Apply(t *Task, cmd Command, now int64, actor string) (Change, error) {
	return Apply(t, cmd, now, actor)
}

// Again rebuilds what a command answered, given the task right after it without
// metadata and result, and as it is now, nil if it is gone: what the command set
// is in the command, the rest is read from the task as long as it exists.
func (Rules) Again(cmd Command, then Task, now *Task, actor string) (Task, []Event) {
	if now != nil && now.CreatedAt == then.CreatedAt {
		then.Metadata = now.Metadata
		if then.Status.Final() {
			then.Result = now.Result
		}
	}
	switch c := cmd.(type) {
	case Create:
		then.Metadata = c.Metadata
	case Complete:
		then.Result = c.Result
	case Fail:
		then.Result = c.Result
	case Cancel:
		then.Result = c.Result
	}
	return then, Events(cmd, then, actor)
}

// ID returns a task's id.
func (Rules) ID(t Task) string { return t.ID }

// CreatedBy returns the subject of a task's creator.
func (Rules) CreatedBy(t Task) string { return t.CreatedBy }

// Sequence returns the number of an event.
func (Rules) Sequence(e Event) int64 { return e.Sequence }
