package rpc

import (
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// taskMessage is what a follower of a task gets.
type taskMessage = object.Message[task.Task, task.Event]

// toldTask tells of tasks in a view.
func toldTask(view taskv1.TaskView) telling[task.Task, task.Event] {
	return telling[task.Task, task.Event]{view: view, to: func(m *taskMessage, view taskv1.TaskView) proto.Message { return toWatch(m, view) }}
}

// toWatch returns a follower's message as the API shows it.
func toWatch(m *taskMessage, view taskv1.TaskView) *taskv1.WatchResponse {
	out := &taskv1.WatchResponse{Cursor: m.Cursor, Sequence: m.Sequence}
	switch m.Kind {
	case object.Snapshot:
		out.Message = &taskv1.WatchResponse_Snapshot{Snapshot: toSnapshot(m)}
	case object.Event:
		e := m.Events[0]
		out.Message = &taskv1.WatchResponse_Event{Event: &taskv1.TaskEvent{
			Event: toEvent(e), Task: toTaskAfter(m.State, e.Kind, view),
		}}
	default:
		remark(out, m.Kind, m.Reason)
	}
	return out
}

// toSnapshot returns a task whole, with the newest of its events that fit into
// one message.
func toSnapshot(m *taskMessage) *taskv1.Snapshot {
	out := &taskv1.Snapshot{
		Task:               toTask(m.State, taskv1.TaskView_TASK_VIEW_FULL),
		HistoryUnavailable: m.HistoryUnavailable,
	}
	var size budget
	size.take(taskSize(m.State, out.Task))
	events, first := toEvents(m.Events), len(m.Events)
	for first > 0 && size.take(eventSize(m.Events[first-1], events[first-1])) {
		first--
	}
	out.Events = events[first:]
	return out
}

// watchSize bounds how large a message is, in JSON and in protobuf.
func watchSize(m *taskMessage, out *taskv1.WatchResponse) int {
	size := overhead
	switch x := out.GetMessage().(type) {
	case *taskv1.WatchResponse_Snapshot:
		size += taskSize(m.State, x.Snapshot.GetTask())
		n := len(m.Events) - len(x.Snapshot.GetEvents())
		for i, e := range x.Snapshot.GetEvents() {
			size += eventSize(m.Events[n+i], e)
		}
	case *taskv1.WatchResponse_Event:
		size += taskSize(m.State, x.Event.GetTask()) + eventSize(m.Events[0], x.Event.GetEvent())
	}
	return max(size, proto.Size(out))
}
