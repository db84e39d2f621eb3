package rpc

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// toTask returns a task as the API shows it: without metadata and result unless
// the view is FULL.
func toTask(t task.Task, view taskv1.TaskView) *taskv1.Task {
	full := view == taskv1.TaskView_TASK_VIEW_FULL
	return toTaskWith(t, full, full)
}

// toTaskAfter returns a task as the answer to the call that made its event of
// this kind, and watchers, show it: as toTask, but if no view was asked for,
// with the metadata or the result if it was this event that set it.
func toTaskAfter(t task.Task, kind string, view taskv1.TaskView) *taskv1.Task {
	if view != taskv1.TaskView_TASK_VIEW_UNSPECIFIED {
		return toTask(t, view)
	}
	switch kind {
	case task.KindCreated:
		return toTaskWith(t, true, false)
	case task.KindSucceeded, task.KindFailed, task.KindCanceled:
		return toTaskWith(t, false, true)
	}
	return toTaskWith(t, false, false)
}

func toTaskWith(t task.Task, metadata, result bool) *taskv1.Task {
	m := &taskv1.Task{
		TaskId:    t.ID,
		Status:    toStatus(t.Status),
		Progress:  int32(t.Progress),
		Sequence:  t.Sequence,
		CreatedAt: toTime(t.CreatedAt),
		UpdatedAt: toTime(t.UpdatedAt),
		StartedAt: toTime(t.StartedAt),
		CreatedBy: t.CreatedBy,
		Error:     t.Error,
		Tags:      t.Tags,
		Type:      t.Type,
	}
	switch t.Status {
	case task.Success:
		m.CompletedAt = toTime(t.EndedAt)
	case task.Failed:
		m.FailedAt = toTime(t.EndedAt)
	case task.Canceled:
		m.CanceledAt = toTime(t.EndedAt)
	}
	if at, ok := task.ETA(t); ok {
		m.Eta = toTime(at)
	}
	if metadata {
		m.Metadata = toStruct(t.Metadata)
	}
	if result {
		m.Result = toStruct(t.Result)
	}
	return m
}

// toEvent returns an event as the API shows it.
func toEvent(e task.Event) *taskv1.Event {
	m := &taskv1.Event{
		Id:        e.Sequence,
		EventType: toEventType(e.Type),
		Kind:      e.Kind,
		Message:   e.Message,
		Metadata:  toStruct(e.Metadata),
		Timestamp: toTime(e.Time),
		Actor:     e.Actor,
	}
	if e.HasProgress {
		p := int32(e.Progress)
		m.Progress = &p
	}
	return m
}

// toEvents returns events as the API shows them; nil for none.
func toEvents(events []task.Event) []*taskv1.Event {
	if len(events) == 0 {
		return nil
	}
	out := make([]*taskv1.Event, len(events))
	for i, e := range events {
		out[i] = toEvent(e)
	}
	return out
}

// toTime returns a time as the API shows it; nil for 0, which is none.
func toTime(micros int64) *timestamppb.Timestamp {
	if micros == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMicro(micros))
}

// fromTime is the inverse of toTime. What is finer than a microsecond is cut
// off.
func fromTime(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return 0
	}
	return t.AsTime().UnixMicro()
}

// The numbers of statuses and types of event are those of the API.

func toStatus(s task.Status) taskv1.TaskStatus { return taskv1.TaskStatus(s) }

// fromStatus returns a status that a caller sent; one that the API does not
// have becomes one that the rules refuse.
func fromStatus(s taskv1.TaskStatus) task.Status {
	if _, ok := taskv1.TaskStatus_name[int32(s)]; !ok {
		return unknown
	}
	return task.Status(s)
}

func toEventType(t task.EventType) taskv1.EventType { return taskv1.EventType(t) }

// fromEventType is for types as fromStatus is for statuses.
func fromEventType(t taskv1.EventType) task.EventType {
	if _, ok := taskv1.EventType_name[int32(t)]; !ok {
		return unknown
	}
	return task.EventType(t)
}

// unknown is no status and no type of event.
const unknown = 255
