package rpc

import (
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// toWatch returns a follower's message as the API shows it.
func toWatch(m *service.Message, view taskv1.TaskView) *taskv1.WatchResponse {
	out := &taskv1.WatchResponse{Cursor: m.Cursor, Sequence: m.Sequence}
	switch m.Kind {
	case object.Snapshot:
		out.Message = &taskv1.WatchResponse_Snapshot{Snapshot: toSnapshot(m)}
	case object.Event:
		e := m.Events[0]
		out.Message = &taskv1.WatchResponse_Event{Event: &taskv1.TaskEvent{
			Event: toEvent(e), Task: toTaskAfter(m.State, e.Kind, view),
		}}
	case object.Current:
		out.Message = &taskv1.WatchResponse_Current{Current: &taskv1.Current{}}
	case object.Heartbeat:
		out.Message = &taskv1.WatchResponse_Heartbeat{Heartbeat: &taskv1.Heartbeat{}}
	case object.Reset:
		out.Message = &taskv1.WatchResponse_Reset_{Reset_: &taskv1.Reset{Reason: resetReasons[m.Reason]}}
	case object.Removed:
		out.Message = &taskv1.WatchResponse_Removed{Removed: &taskv1.Removed{Reason: taskv1.RemovedReason_REMOVED_REASON_DELETED}}
	case object.End:
		out.Message = &taskv1.WatchResponse_End{End: &taskv1.End{Reason: endReasons[m.Reason]}}
	}
	return out
}

var resetReasons = map[object.Reason]taskv1.ResetReason{
	object.CursorExpired:     taskv1.ResetReason_RESET_REASON_CURSOR_EXPIRED,
	object.GenerationChanged: taskv1.ResetReason_RESET_REASON_GENERATION_CHANGED,
	object.EpochChanged:      taskv1.ResetReason_RESET_REASON_EPOCH_CHANGED,
	object.CursorAhead:       taskv1.ResetReason_RESET_REASON_CURSOR_AHEAD,
}

var endReasons = map[object.Reason]taskv1.EndReason{
	object.Finished: taskv1.EndReason_END_REASON_FINISHED,
	object.Draining: taskv1.EndReason_END_REASON_DRAINING,
}

// toSnapshot returns a task whole, with the newest of its events that fit into
// one message.
func toSnapshot(m *service.Message) *taskv1.Snapshot {
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
func watchSize(m *service.Message, out *taskv1.WatchResponse) int {
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
