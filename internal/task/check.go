package task

import (
	"strconv"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

func (c Create) check() error {
	if c.Status > InProgress {
		return rule.Invalid("status", "must be TASK_STATUS_PENDING or TASK_STATUS_IN_PROGRESS at creation; end the task by Complete, Fail or Cancel")
	}
	if len(c.Tags) > MaxTags {
		return rule.Invalid("tags", "has %d items; at most %d are allowed", len(c.Tags), MaxTags)
	}
	for i, tag := range c.Tags {
		if err := checkTag(tag); err != nil {
			return within("tags["+strconv.Itoa(i)+"]", err)
		}
	}
	return rule.First(
		ValidID(c.ID),
		rule.Label("type", c.Type, MaxType),
		percent("progress", c.Progress),
		ValidMetadata("metadata", c.Metadata),
	)
}

func checkTag(tag string) error {
	if tag == "" {
		return rule.Invalid("", "is empty; leave it out")
	}
	return rule.Label("", tag, MaxTag)
}

func (c AddEvents) check() error {
	if c.One && len(c.Events) == 1 {
		return within("event.", c.Events[0].check())
	}
	if len(c.Events) == 0 {
		return rule.Invalid("events", "is empty; send 1 to %d events", MaxEvents)
	}
	if len(c.Events) > MaxEvents {
		return rule.Invalid("events", "has %d items; at most %d are allowed", len(c.Events), MaxEvents)
	}
	for i, n := range c.Events {
		if err := n.check(); err != nil {
			return within("events["+strconv.Itoa(i)+"].", err)
		}
	}
	return nil
}

func (n NewEvent) check() error {
	if n.Type > SuccessEvent {
		return rule.Invalid("event_type", "is not a type of event; use LOG, PROGRESS, ERROR or SUCCESS")
	}
	if n.HasProgress {
		if err := percent("progress", n.Progress); err != nil {
			return err
		}
	}
	return rule.First(
		rule.Text("message", n.Message),
		ValidMetadata("metadata", n.Metadata),
	)
}

func (c SetProgress) check() error {
	return rule.First(
		percent("progress", c.Progress),
		rule.Text("message", c.Message),
		ValidMetadata("metadata", c.Metadata),
	)
}

func (c Complete) check() error { return ValidMetadata("metadata", c.Result) }

func (c Fail) check() error {
	if c.Error == "" {
		return rule.Invalid("error", "is empty; say why the task failed")
	}
	return rule.First(rule.Text("error", c.Error), ValidMetadata("metadata", c.Result))
}

func (c Cancel) check() error { return ValidMetadata("metadata", c.Result) }

func (Delete) check() error { return nil }

// within puts the path of the message before the field that err refuses, and so
// before its text, which begins with the field.
func within(path string, err error) error {
	if e, ok := err.(*rule.Error); ok {
		e.Field, e.Text = path+e.Field, path+e.Text
	}
	return err
}
