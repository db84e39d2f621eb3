package ws

import (
	"strconv"
	"time"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/canonical"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

type taskMessage = object.Message[task.Task, task.Event]

// Tasks are the sockets of tasks.
func Tasks(svc *service.Service[task.Task, task.Event, task.Command]) Class {
	return newClass(svc, taskv1connect.TaskServiceWatchProcedure, &taskForm)
}

var taskForm = form[task.Task, task.Event]{
	id: "taskId", reset: "reset", update: appendUpdate, rest: appendRest, events: appendEvents,
}

// appendUpdate writes what one event is told as: its type is the call that made
// it.
func appendUpdate(dst []byte, m *taskMessage) []byte {
	e := &m.Events[0]
	switch e.Kind {
	case task.KindProgress:
		dst = appendInt(append(dst, `{"type":"progress"`...), "progress", int64(e.Progress))
	case task.KindSucceeded:
		dst = append(dst, `{"type":"complete"`...)
	case task.KindFailed:
		dst = appendText(append(dst, `{"type":"fail"`...), "error", e.Message)
	case task.KindCanceled:
		dst = append(dst, `{"type":"cancel"`...)
	default:
		dst = append(dst, `{"type":"event","event":{`...)
		dst = append(appendEvent(dst, e), '}')
	}
	return appendRest(dst, m, e.Time)
}

// appendRest writes what all messages of a task end with.
func appendRest(dst []byte, m *taskMessage, at int64) []byte {
	dst = appendText(dst, "taskId", m.State.ID)
	dst = appendTask(append(dst, `,"task":`...), &m.State)
	dst = appendTime(dst, "timestamp", at)
	return appendPlace(dst, m.Sequence, m.Cursor)
}

// appendPlace writes where a message stands, and ends it.
func appendPlace(dst []byte, sequence int64, cursor string) []byte {
	dst = appendInt(dst, "sequence", sequence)
	return append(appendText(dst, "cursor", cursor), '}')
}

// appendEvent writes the fields of an event.
func appendEvent(dst []byte, e *task.Event) []byte {
	dst = append(append(append(dst, `"eventType":"`...), e.Type.String()...), '"')
	dst = appendText(dst, "message", e.Message)
	if e.HasProgress {
		dst = appendInt(dst, "progress", int64(e.Progress))
	}
	return appendTime(dst, "timestamp", e.Time)
}

// appendEvents writes events as the seed's history has them: with their number.
func appendEvents(dst []byte, events []task.Event) []byte {
	dst = append(dst, '[')
	for i := range events {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"id":`...), events[i].Sequence, 10)
		dst = append(appendEvent(append(dst, ','), &events[i]), '}')
	}
	return append(dst, ']')
}

// appendTask writes a task as the seed has it: a row whose id is always 1, in a
// database of its own.
func appendTask(dst []byte, t *task.Task) []byte {
	dst = appendText(append(dst, `{"id":1`...), "taskId", t.ID)
	dst = appendText(dst, "status", t.Status.String())
	dst = appendInt(dst, "progress", int64(t.Progress))
	dst = appendTime(dst, "createdAt", t.CreatedAt)
	dst = appendTime(dst, "updatedAt", t.UpdatedAt)
	dst = appendTime(dst, "completedAt", endedAs(t, task.Success))
	dst = appendTime(dst, "failedAt", endedAs(t, task.Failed))
	dst = appendTime(dst, "canceledAt", endedAs(t, task.Canceled))
	metadata := t.Metadata
	if metadata == "" {
		metadata = "{}" // so that it can be parsed
	}
	return append(appendText(dst, "metadata", metadata), '}')
}

// endedAs returns when a task ended, 0 unless it ended so.
func endedAs(t *task.Task, how task.Status) int64 {
	if t.Status == how {
		return t.EndedAt
	}
	return 0
}

func appendPong(dst []byte, now time.Time) []byte {
	return append(appendTime(append(dst, `{"type":"pong"`...), "timestamp", now.UnixMicro()), '}')
}

func appendError(dst []byte, text string) []byte {
	return append(appendText(append(dst, `{"type":"error"`...), "message", text), '}')
}

// The fields of messages, each after a comma.

func appendName(dst []byte, name string) []byte {
	return append(append(append(dst, `,"`...), name...), `":`...)
}

func appendText(dst []byte, name, text string) []byte {
	return canonical.AppendString(appendName(dst, name), text)
}

func appendInt(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(appendName(dst, name), n, 10)
}

// isoMillis is the form of times: what toISOString of JavaScript gives.
const isoMillis = `"2006-01-02T15:04:05.000Z"`

// appendTime writes a time in microseconds, null for 0, which is none.
func appendTime(dst []byte, name string, micros int64) []byte {
	dst = appendName(dst, name)
	if micros == 0 {
		return append(dst, "null"...)
	}
	return time.UnixMicro(micros).UTC().AppendFormat(dst, isoMillis)
}
