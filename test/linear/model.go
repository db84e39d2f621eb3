package linear

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// A verb is what a call does.
type verb string

const (
	get      verb = "GetById"
	create   verb = "Create"
	remove   verb = "Delete"
	note     verb = "AddEvent"
	progress verb = "UpdateProgress"
	complete verb = "Complete"
	fail     verb = "Fail"
)

// An input is a call.
type input struct {
	verb     verb
	task     string
	percent  int   // of progress
	expected int64 // sequence; 0 is any
}

// An output is what a caller was told: nothing if it is unknown, a code of Connect,
// or the task.
type output struct {
	unsent  bool // there was no server to send it to; such calls are not recorded
	unknown bool
	code    string // "" is success
	task    state  // not of a Delete
}

// A state is a task as its callers see it; the zero value is none.
type state struct {
	status   string // without TASK_STATUS_
	progress int
	sequence int64
}

func (s state) ended() bool { return s.status == "SUCCESS" || s.status == "FAILED" }

// after returns what a call makes of a task, or the code that refuses it. These
// are the rules of the API, written down once more: they owe nothing to the
// server's own.
func (s state) after(in input) (next state, code string) {
	switch {
	case in.verb == create && s.sequence > 0:
		return s, "already_exists"
	case in.verb == create:
		return state{"PENDING", 0, 1}, ""
	case s.sequence == 0:
		return s, "not_found"
	case in.verb == get:
		return s, ""
	case in.expected > 0 && in.expected != s.sequence:
		return s, "aborted"
	case in.verb == remove:
		return state{}, ""
	case s.ended() && in.verb != note:
		return s, "failed_precondition"
	}
	s.sequence++
	switch in.verb {
	case progress:
		s.status, s.progress = "IN_PROGRESS", in.percent
	case complete:
		s.status, s.progress = "SUCCESS", 100
	case fail:
		s.status = "FAILED"
	}
	return s, ""
}

// model is one task, for porcupine; tasks do not touch each other. A call without
// an answer may have happened or not.
var model = (&porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		of := map[string]int{} // :: task -> its part
		for _, o := range history {
			task := o.Input.(input).task
			if _, ok := of[task]; !ok {
				of[task] = len(parts)
				parts = append(parts, nil)
			}
			parts[of[task]] = append(parts[of[task]], o)
		}
		return parts
	},
	Init: func() []any { return []any{state{}} },
	Step: func(before, in, out any) []any {
		told := out.(output)
		next, code := before.(state).after(in.(input))
		switch {
		case told.unknown:
			return []any{before, next}
		case code != told.code:
			return nil
		case code == "" && in.(input).verb != remove && next != told.task:
			return nil
		}
		return []any{next}
	},
	DescribeOperation: func(in, out any) string {
		i, o := in.(input), out.(output)
		switch {
		case o.unknown:
			return fmt.Sprintf("%s %d expecting %d: ?", i.verb, i.percent, i.expected)
		case o.code != "":
			return fmt.Sprintf("%s %d expecting %d: %s", i.verb, i.percent, i.expected, o.code)
		}
		return fmt.Sprintf("%s %d expecting %d: %+v", i.verb, i.percent, i.expected, o.task)
	},
}).ToModel()
