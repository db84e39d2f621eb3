package rpc

import (
	"strconv"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// The functions below return the command that a request asks for. They fail
// with a *rule.Error if its metadata is over the limits; all other rules are
// checked where the command is decided.

func fromCreate(m *taskv1.CreateRequest, id string) (task.Command, error) {
	metadata, err := jsonText(m.GetMetadata(), "metadata")
	return task.Create{
		ID:       id,
		Type:     m.GetType(),
		Tags:     m.GetTags(),
		Status:   fromStatus(m.GetStatus()),
		Progress: int(m.GetProgress()),
		Metadata: metadata,
	}, err
}

func fromAddEvent(m *taskv1.AddEventRequest) (task.Command, error) {
	c := task.AddEvents{Target: task.Target{ID: m.GetTaskId(), Expected: m.ExpectedSequence}}
	if m.GetEvent() != nil {
		e, err := fromNewEvent(m.GetEvent(), "event")
		c.One, c.Events = true, []task.NewEvent{e}
		return c, err
	}
	c.Events = make([]task.NewEvent, len(m.GetEvents()))
	for i, n := range m.GetEvents() {
		e, err := fromNewEvent(n, "events["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		c.Events[i] = e
	}
	return c, nil
}

// fromNewEvent returns the event at a path of the request.
func fromNewEvent(m *taskv1.NewEvent, path string) (task.NewEvent, error) {
	metadata, err := jsonText(m.GetMetadata(), path+".metadata")
	return task.NewEvent{
		Type:        fromEventType(m.GetEventType()),
		Message:     m.GetMessage(),
		Progress:    int(m.GetProgress()),
		HasProgress: m.Progress != nil,
		Metadata:    metadata,
	}, err
}

func fromUpdateProgress(m *taskv1.UpdateProgressRequest) (task.Command, error) {
	metadata, err := jsonText(m.GetMetadata(), "metadata")
	return task.SetProgress{
		Target:   task.Target{ID: m.GetTaskId(), Expected: m.ExpectedSequence},
		Progress: int(m.GetProgress()),
		Message:  m.GetMessage(),
		Metadata: metadata,
	}, err
}

func fromComplete(m *taskv1.CompleteRequest) (task.Command, error) {
	result, err := jsonText(m.GetMetadata(), "metadata")
	return task.Complete{Target: task.Target{ID: m.GetTaskId(), Expected: m.ExpectedSequence}, Result: result}, err
}

func fromFail(m *taskv1.FailRequest) (task.Command, error) {
	result, err := jsonText(m.GetMetadata(), "metadata")
	return task.Fail{Target: task.Target{ID: m.GetTaskId(), Expected: m.ExpectedSequence}, Error: m.GetError(), Result: result}, err
}

func fromCancel(m *taskv1.CancelRequest) (task.Command, error) {
	result, err := jsonText(m.GetMetadata(), "metadata")
	return task.Cancel{Target: task.Target{ID: m.GetTaskId(), Expected: m.ExpectedSequence}, Result: result}, err
}

func fromDelete(m *taskv1.DeleteRequest) task.Command {
	return task.Delete{Target: task.Target{ID: m.GetTaskId(), Expected: m.ExpectedSequence}}
}
