package counter

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// Rules are the rules of counters as a service needs them: its Class. The zero
// value is ready.
type Rules struct{}

// Name returns "counter".
func (Rules) Name() string { return ClassName }

// ValidID checks a counter's name.
func (Rules) ValidID(name string) error { return names.ValidID(name) }

// NotFound refuses a call on a counter that does not exist.
func (Rules) NotFound(name string) *rule.Error { return names.NotFound(name) }

// Call says what a command is about.
func (Rules) Call(cmd Command) rule.Call {
	return rule.Call{ID: cmd.Name, Creates: cmd.Op == Create, Deletes: cmd.Op == Delete, Ends: cmd.Op == Delete}
}

// WithID returns a command on another counter.
func (Rules) WithID(cmd Command, name string) Command {
	cmd.Name = name
	return cmd
}

// Apply is the function Apply.
func (Rules) Apply(c *Counter, cmd Command, now int64, actor string) (Change, error) {
	return Apply(c, cmd, now, actor)
}

// Again rebuilds what a command answered, given the counter right after it.
func (Rules) Again(cmd Command, then Counter, _ *Counter, actor string) (Counter, []Event) {
	if cmd.Op == Delete {
		return then, nil
	}
	return then, []Event{{
		Sequence: then.Sequence, Kind: kinds[cmd.Op], Value: then.Value, Previous: then.Previous, Time: then.UpdatedAt, Actor: actor,
	}}
}

// ID returns a counter's name.
func (Rules) ID(c Counter) string { return c.Name }

// CreatedBy returns the subject of a counter's creator.
func (Rules) CreatedBy(c Counter) string { return c.CreatedBy }

// Sequence returns the number of an event.
func (Rules) Sequence(e Event) int64 { return e.Sequence }

// Fold rebuilds a counter from its whole history, ascending from the creation. It
// fails if that is not what the events are.
func Fold(name string, events []Event) (Counter, error) {
	if len(events) == 0 || events[0].Kind != KindCreated {
		return Counter{}, fmt.Errorf("counter: history of %q does not begin with %s", name, KindCreated)
	}
	first := events[0]
	c := Counter{Name: name, Initial: first.Value, Value: first.Value, CreatedBy: first.Actor, CreatedAt: first.Time}
	for i, e := range events {
		if e.Sequence != int64(i)+1 || e.Previous != c.Value {
			return Counter{}, fmt.Errorf("counter: history of %q has event %d, from %d, where %d, from %d, is due", name, e.Sequence, e.Previous, i+1, c.Value)
		}
		c = At(c, e)
	}
	return c, nil
}
