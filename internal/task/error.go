package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The classes of refusal that a caller can act on, told apart by errors.Is.
var (
	// ErrNotFound: there is no such task.
	ErrNotFound = errors.New("task: not found")

	// ErrExists: there is such a task already.
	ErrExists = errors.New("task: already exists")

	// ErrInvalid: a field breaks its rule, whatever the state of the task.
	ErrInvalid = errors.New("task: invalid field")

	// ErrTerminal: the task has ended.
	ErrTerminal = errors.New("task: has ended")

	// ErrSequence: the task is not at the sequence the caller expects.
	ErrSequence = errors.New("task: not at the expected sequence")

	// ErrLimit: the task holds as much as a task may hold.
	ErrLimit = errors.New("task: limit reached")
)

// An Error refuses a call. Its text is meant for the caller: it names what he
// sent and says what to do.
type Error struct {
	Class    error             // one of the classes above
	Field    string            // of ErrInvalid: the field, as the API spells its path
	Text     string            // what is wrong and how to mend it
	Metadata map[string]string // for programs; may be nil
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Class }

// NotFound refuses a call on a task that does not exist.
func NotFound(id string) *Error {
	return &Error{
		Class:    ErrNotFound,
		Text:     named(id, "does not exist; create it first, or check the id"),
		Metadata: about(id),
	}
}

// Invalid refuses a field, named as the API spells its path; the text goes on
// after the name.
func Invalid(field, format string, args ...any) *Error {
	return &Error{
		Class: ErrInvalid,
		Field: field,
		Text:  field + " " + fmt.Sprintf(format, args...),
	}
}

// Room refuses a command that would take a task over limit events. Commands
// that end work are never refused, nor is Create.
func Room(t Task, cmd Command, limit int64) error {
	var adds int64
	switch c := cmd.(type) {
	case AddEvents:
		adds = int64(len(c.Events))
	case SetProgress:
		adds = 1
	}
	if adds == 0 || t.Sequence+adds <= limit {
		return nil
	}
	m := about(t.ID)
	m["limit"] = "max-events"
	m["max"] = strconv.FormatInt(limit, 10)
	return &Error{
		Class:    ErrLimit,
		Text:     named(t.ID, fmt.Sprintf("may hold at most %d events; it can still be completed, failed, canceled or deleted", limit)),
		Metadata: m,
	}
}

func exists(id string) *Error {
	return &Error{
		Class:    ErrExists,
		Text:     named(id, "exists already; use another id, or delete it first"),
		Metadata: about(id),
	}
}

func terminal(t *Task) *Error {
	m := about(t.ID)
	m["status"] = "TASK_STATUS_" + strings.ToUpper(t.Status.String())
	m["sequence"] = strconv.FormatInt(t.EndSequence, 10)
	m["verb"] = verb(t.Status)
	m["actor"] = t.EndedBy
	return &Error{
		Class:    ErrTerminal,
		Text:     named(t.ID, "has ended; from now on it accepts only EVENT_TYPE_LOG events without progress, and Delete"),
		Metadata: m,
	}
}

func sequenceMismatch(t *Task, want int64) *Error {
	m := about(t.ID)
	m["sequence"] = strconv.FormatInt(t.Sequence, 10)
	m["expected_sequence"] = strconv.FormatInt(want, 10)
	return &Error{
		Class:    ErrSequence,
		Text:     named(t.ID, fmt.Sprintf("is not at expected_sequence %d; read it again and decide anew", want)),
		Metadata: m,
	}
}

// named begins a text with the task the caller named.
func named(id, rest string) string {
	if id == "" {
		return "the task " + rest
	}
	return fmt.Sprintf("task %q %s", id, rest)
}

// about begins the metadata of an error about a task.
func about(id string) map[string]string {
	return map[string]string{"task_id": id}
}
