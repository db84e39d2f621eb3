package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// ErrTerminal: the task has ended. It is a class of refusal beside those of
// package rule.
var ErrTerminal = errors.New("task: has ended")

// NotFound refuses a call on a task that does not exist.
func NotFound(id string) *rule.Error { return names.NotFound(id) }

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
	e := names.Refuse(rule.ErrLimit, t.ID, fmt.Sprintf("may hold at most %d events; it can still be completed, failed, canceled or deleted", limit))
	e.Metadata["limit"] = "max-events"
	e.Metadata["max"] = strconv.FormatInt(limit, 10)
	return e
}

func terminal(t *Task) *rule.Error {
	e := names.Refuse(ErrTerminal, t.ID, "has ended; from now on it accepts only EVENT_TYPE_LOG events without progress, and Delete")
	e.Metadata["status"] = "TASK_STATUS_" + strings.ToUpper(t.Status.String())
	e.Metadata["sequence"] = strconv.FormatInt(t.EndSequence, 10)
	e.Metadata["verb"] = verb(t.Status)
	e.Metadata["actor"] = t.EndedBy
	return e
}
