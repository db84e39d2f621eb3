package counter

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// ErrRange: the counter would leave the range that it can hold. It is a class of
// refusal beside those of package rule.
var ErrRange = errors.New("counter: out of range")

// An Op is what a command does.
type Op uint8

const (
	Create    Op = iota + 1 // N is the initial value
	Increment               // by N, which is positive
	Decrement               // by N, which is positive
	Set                     // to N
	Reset                   // to the initial value
	Delete
)

// A Command is one call on one counter.
type Command struct {
	Op       Op
	Name     string
	N        int64
	Expected *int64 // if not nil, the sequence the counter must be at
}

// A Change is what a command does to a counter.
type Change = rule.Change[Counter, Event]

var names = rule.Names{Class: ClassName, ID: "name"}

// kinds are the kinds of event that operations leave; Delete leaves none.
var kinds = [...]string{Create: KindCreated, Increment: KindIncremented, Decrement: KindDecremented, Set: KindSet, Reset: KindReset, Delete: ""}

// Apply decides a command on a counter, nil if there is none, at the time now, by
// the caller whose subject is actor. It returns what the command does, or a
// *rule.Error that says why it is refused; then nothing changes. Events are never
// earlier than the counter's last one, even if now is.
//
// What is checked comes in this order: the fields of the command, whether the
// counter exists, the expected sequence, whether the value stays in its range.
func Apply(c *Counter, cmd Command, now int64, actor string) (Change, error) {
	if err := rule.First(names.ValidID(cmd.Name), cmd.checkN()); err != nil {
		return Change{}, err
	}
	if cmd.Op == Create {
		if c != nil {
			return Change{}, names.Exists(cmd.Name)
		}
		return change(Counter{Name: cmd.Name, Value: cmd.N, Initial: cmd.N, CreatedBy: actor, CreatedAt: now}, cmd, cmd.N, now, actor), nil
	}
	if c == nil {
		return Change{}, names.NotFound(cmd.Name)
	}
	if err := names.AtSequence(c.Name, c.Sequence, cmd.Expected); err != nil {
		return Change{}, err
	}
	if cmd.Op == Delete {
		return Change{Next: *c, Delete: true}, nil
	}
	value := cmd.value(*c)
	if value < -Max || value > Max {
		return Change{}, outOfRange(*c, value)
	}
	return change(*c, cmd, value, max(now, c.UpdatedAt), actor), nil
}

// checkN checks the number of the command by the name it has in the call.
func (cmd Command) checkN() error {
	switch cmd.Op {
	case Increment, Decrement:
		if cmd.N < 1 || cmd.N > Max {
			return rule.Invalid("amount", "is %d; it must be 1 to %d", cmd.N, int64(Max))
		}
	case Create:
		return inRange("initial_value", cmd.N)
	case Set:
		return inRange("value", cmd.N)
	}
	return nil
}

func inRange(field string, n int64) error {
	if n < -Max || n > Max {
		return rule.Invalid(field, "is %d; it must be %d to %d", n, int64(-Max), int64(Max))
	}
	return nil
}

// value is what the counter would be. Nothing overflows: both parts are at most
// Max.
func (cmd Command) value(c Counter) int64 {
	switch cmd.Op {
	case Increment:
		return c.Value + cmd.N
	case Decrement:
		return c.Value - cmd.N
	case Set:
		return cmd.N
	}
	return c.Initial
}

// change lets one event happen to a counter.
func change(c Counter, cmd Command, value, now int64, actor string) Change {
	e := Event{Sequence: c.Sequence + 1, Kind: kinds[cmd.Op], Value: value, Previous: c.Value, Time: now, Actor: actor}
	return Change{Next: At(c, e), Events: []Event{e}}
}

func outOfRange(c Counter, value int64) *rule.Error {
	e := names.Refuse(ErrRange, c.Name, fmt.Sprintf("would be %d, and it can hold %d to %d; it stays as it is", value, int64(-Max), int64(Max)))
	e.Metadata["value"] = strconv.FormatInt(c.Value, 10)
	e.Metadata["min"], e.Metadata["max"] = strconv.FormatInt(-Max, 10), strconv.FormatInt(Max, 10)
	return e
}
