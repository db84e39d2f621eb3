package task

import (
	"slices"
	"strconv"
)

func (c Create) draft() []Event {
	return []Event{{
		Type:        Log,
		Kind:        KindCreated,
		Message:     "Task created",
		Progress:    c.Progress,
		HasProgress: c.Progress != 0,
		Metadata:    c.Metadata,
		Status:      c.status(),
		TaskType:    c.Type,
		TaskTags:    sortedOnce(c.Tags),
	}}
}

// status is where the task begins.
func (c Create) status() Status {
	if c.Status == 0 {
		return Pending
	}
	return c.Status
}

func (c AddEvents) draft() []Event {
	events := make([]Event, len(c.Events))
	for i, n := range c.Events {
		events[i] = n.draft()
	}
	return events
}

func (n NewEvent) draft() Event {
	e := Event{
		Type:     n.Type,
		Kind:     KindEvent,
		Message:  n.Message,
		Metadata: n.Metadata,
	}
	if n.HasProgress {
		e.Progress, e.HasProgress, e.Status = n.Progress, true, InProgress
	}
	switch {
	case e.Type != 0:
	case n.HasProgress:
		e.Type = Progress
	default:
		e.Type = Log
	}
	return e
}

func (c SetProgress) draft() []Event {
	message := c.Message
	if message == "" {
		message = "Progress " + strconv.Itoa(c.Progress) + "%"
	}
	return []Event{{
		Type:        Progress,
		Kind:        KindProgress,
		Message:     message,
		Progress:    c.Progress,
		HasProgress: true,
		Metadata:    c.Metadata,
		Status:      InProgress,
	}}
}

func (c Complete) draft() []Event {
	return []Event{{
		Type:        SuccessEvent,
		Kind:        KindSucceeded,
		Message:     "Task completed",
		Progress:    100,
		HasProgress: true,
		Metadata:    c.Result,
		Status:      Success,
	}}
}

func (c Fail) draft() []Event {
	return []Event{{
		Type:     ErrorEvent,
		Kind:     KindFailed,
		Message:  c.Error,
		Metadata: c.Result,
		Status:   Failed,
	}}
}

func (c Cancel) draft() []Event {
	return []Event{{
		Type:     ErrorEvent,
		Kind:     KindCanceled,
		Message:  "Task canceled",
		Metadata: c.Result,
		Status:   Canceled,
	}}
}

func (Delete) draft() []Event { return nil }

// sortedOnce returns the tags sorted, each once, without touching the
// argument; nil for none.
func sortedOnce(tags []string) []string {
	if len(tags) == 0 {
		return nil
	}
	tags = slices.Clone(tags)
	slices.Sort(tags)
	return slices.Compact(tags)
}
