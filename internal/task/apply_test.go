package task

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// at is a task of a status, as the lifecycle table needs one.
func taskAt(s Status) Task {
	t := Task{ID: "t", Status: s, Progress: 30, Sequence: 5, CreatedAt: 100, UpdatedAt: 500, Tags: []string{"a"}, CreatedBy: "maker"}
	if s != Pending {
		t.StartedAt, t.StartProgress = 200, 10
	}
	if s.Final() {
		t.EndedAt, t.EndSequence, t.EndedBy = 400, 4, "ender"
		t.Result = `{"first":true}`
	}
	if s == Failed {
		t.Error = "first"
	}
	return t
}

func note(e NewEvent) AddEvents { return AddEvents{Events: []NewEvent{e}} }

// TestLifecycle is the table of the API: every call in every status.
func TestLifecycle(t *testing.T) {
	with40 := NewEvent{Progress: 40, HasProgress: true}
	rows := []struct {
		call string
		cmd  Command
		want map[Status]Status // :: status before -> status after; absent is ErrTerminal
	}{
		{"a log event logs", note(NewEvent{Type: Log}), map[Status]Status{Pending: Pending, InProgress: InProgress, Success: Success, Failed: Failed, Canceled: Canceled}},
		{"an event of no type is a log event", note(NewEvent{}), map[Status]Status{Pending: Pending, InProgress: InProgress, Success: Success, Failed: Failed, Canceled: Canceled}},
		{"a progress event without progress logs until the end", note(NewEvent{Type: Progress}), map[Status]Status{Pending: Pending, InProgress: InProgress}},
		{"an error event logs until the end", note(NewEvent{Type: ErrorEvent}), map[Status]Status{Pending: Pending, InProgress: InProgress}},
		{"a success event logs until the end", note(NewEvent{Type: SuccessEvent}), map[Status]Status{Pending: Pending, InProgress: InProgress}},
		{"an event with progress starts", note(with40), map[Status]Status{Pending: InProgress, InProgress: InProgress}},
		{"a log event with progress starts", note(NewEvent{Type: Log, Progress: 40, HasProgress: true}), map[Status]Status{Pending: InProgress, InProgress: InProgress}},
		{"an error event with progress starts", note(NewEvent{Type: ErrorEvent, Progress: 40, HasProgress: true}), map[Status]Status{Pending: InProgress, InProgress: InProgress}},
		{"late notes with one report among them are refused together", AddEvents{Events: []NewEvent{{}, with40, {}}}, map[Status]Status{Pending: InProgress, InProgress: InProgress}},
		{"late notes come together", AddEvents{Events: []NewEvent{{}, {Type: Log}}}, map[Status]Status{Pending: Pending, InProgress: InProgress, Success: Success, Failed: Failed, Canceled: Canceled}},
		{"progress starts", SetProgress{Progress: 40}, map[Status]Status{Pending: InProgress, InProgress: InProgress}},
		{"progress may go down", SetProgress{Progress: 0}, map[Status]Status{Pending: InProgress, InProgress: InProgress}},
		{"Complete ends", Complete{Result: `{}`}, map[Status]Status{Pending: Success, InProgress: Success}},
		{"Fail ends", Fail{Error: "e", Result: `{}`}, map[Status]Status{Pending: Failed, InProgress: Failed}},
		{"Cancel ends", Cancel{Result: `{}`}, map[Status]Status{Pending: Canceled, InProgress: Canceled}},
	}
	for _, row := range rows {
		for before := Pending; before <= Canceled; before++ {
			t.Run(row.call+" on "+before.String(), func(t *testing.T) {
				was := taskAt(before)
				c, err := Apply(&was, row.cmd, 600, "me")
				if !reflect.DeepEqual(was, taskAt(before)) {
					t.Fatal("the task was changed in place")
				}
				after, allowed := row.want[before]
				if !allowed {
					refusedByTheFirst(t, err, before)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				checkChange(t, was, c, after)
			})
		}
	}
}

func refusedByTheFirst(t *testing.T, err error, s Status) {
	t.Helper()
	var e *rule.Error
	if !errors.Is(err, ErrTerminal) || !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	verbs := map[Status]string{Success: "Complete", Failed: "Fail", Canceled: "Cancel"}
	want := map[string]string{
		"task_id": "t", "status": "TASK_STATUS_" + strings.ToUpper(s.String()), "sequence": "4",
		"verb": verbs[s], "actor": "ender",
	}
	if !reflect.DeepEqual(e.Metadata, want) {
		t.Errorf("metadata %v", e.Metadata)
	}
	if strings.Contains(e.Text, "ender") || strings.Contains(e.Text, "4") {
		t.Errorf("the text tells what the caller did not send: %s", e.Text)
	}
}

// checkChange checks every promise about an accepted command.
func checkChange(t *testing.T, was Task, c Change, after Status) {
	t.Helper()
	next := c.Next
	if next.Status != after || c.Delete {
		t.Errorf("status %v, delete %v", next.Status, c.Delete)
	}
	if next.Sequence != was.Sequence+int64(len(c.Events)) || len(c.Events) == 0 {
		t.Errorf("sequence %d after %d events", next.Sequence, len(c.Events))
	}
	if next.UpdatedAt != 600 {
		t.Errorf("updated at %d", next.UpdatedAt)
	}
	started, from := was.StartedAt, was.StartProgress
	if was.Status == Pending && after != Pending {
		started, from = 600, next.Progress
	}
	if next.StartedAt != started || next.StartProgress != from {
		t.Errorf("started at %d from %d", next.StartedAt, next.StartProgress)
	}
	ends := after.Final() && !was.Status.Final()
	if ends && (next.EndedAt != 600 || next.EndSequence != 6 || next.EndedBy != "me" || next.Result != "{}") {
		t.Errorf("ended at %d by %q as %d with %s", next.EndedAt, next.EndedBy, next.EndSequence, next.Result)
	}
	if !ends && (next.EndedAt != was.EndedAt || next.EndSequence != was.EndSequence || next.EndedBy != was.EndedBy || next.Result != was.Result || next.Error != was.Error) {
		t.Error("a command that does not end the task changed its end")
	}
	if ends && (next.Error != "") != (after == Failed) {
		t.Errorf("error %q", next.Error)
	}
	if c.Detail != ends {
		t.Errorf("detail is %v", c.Detail)
	}
	for i, e := range c.Events {
		if e.Sequence != was.Sequence+1+int64(i) || e.Time != 600 || e.Actor != "me" {
			t.Errorf("event %d at %d by %q", e.Sequence, e.Time, e.Actor)
		}
		if e.HasProgress && e.TaskProgress != e.Progress {
			t.Errorf("event of %d %% leaves %d %%", e.Progress, e.TaskProgress)
		}
	}
	if e := c.Events[len(c.Events)-1]; !reflect.DeepEqual(At(next, e), next) {
		t.Error("the last event does not carry the task after it")
	}
}

func TestEventsOfEachCall(t *testing.T) {
	for name, c := range map[string]struct {
		cmd  Command
		want Event
	}{
		"Create": {
			Create{ID: "n", Type: "render", Tags: []string{"b", "a", "b"}, Metadata: `{"m":1}`},
			Event{Sequence: 1, Type: Log, Kind: KindCreated, Message: "Task created", Metadata: `{"m":1}`, Status: Pending, TaskType: "render", TaskTags: []string{"a", "b"}},
		},
		"Create in progress": {
			Create{ID: "n", Status: InProgress, Progress: 20},
			Event{Sequence: 1, Type: Log, Kind: KindCreated, Message: "Task created", Progress: 20, HasProgress: true, Status: InProgress, TaskProgress: 20, StartedAt: 600, StartProgress: 20},
		},
		"Create pending with progress": {
			Create{ID: "n", Status: Pending, Progress: 20},
			Event{Sequence: 1, Type: Log, Kind: KindCreated, Message: "Task created", Progress: 20, HasProgress: true, Status: Pending, TaskProgress: 20},
		},
		"AddEvent": {
			note(NewEvent{Message: "hi", Metadata: `{"x":1}`, Progress: 99}),
			Event{Sequence: 6, Type: Log, Kind: KindEvent, Message: "hi", Metadata: `{"x":1}`, Status: Pending, TaskProgress: 30},
		},
		"AddEvent with progress": {
			note(NewEvent{Message: "hi", Progress: 0, HasProgress: true}),
			Event{Sequence: 6, Type: Progress, Kind: KindEvent, Message: "hi", HasProgress: true, Status: InProgress, StartedAt: 600},
		},
		"AddEvent of a type with progress": {
			note(NewEvent{Type: ErrorEvent, Progress: 7, HasProgress: true}),
			Event{Sequence: 6, Type: ErrorEvent, Kind: KindEvent, Progress: 7, HasProgress: true, Status: InProgress, TaskProgress: 7, StartedAt: 600, StartProgress: 7},
		},
		"UpdateProgress": {
			SetProgress{Progress: 40, Metadata: `{}`},
			Event{Sequence: 6, Type: Progress, Kind: KindProgress, Message: "Progress 40%", Metadata: `{}`, Progress: 40, HasProgress: true, Status: InProgress, TaskProgress: 40, StartedAt: 600, StartProgress: 40},
		},
		"UpdateProgress with a message": {
			SetProgress{Progress: 40, Message: "on the way"},
			Event{Sequence: 6, Type: Progress, Kind: KindProgress, Message: "on the way", Progress: 40, HasProgress: true, Status: InProgress, TaskProgress: 40, StartedAt: 600, StartProgress: 40},
		},
		"Complete": {
			Complete{Result: `{"r":1}`},
			Event{Sequence: 6, Type: SuccessEvent, Kind: KindSucceeded, Message: "Task completed", Metadata: `{"r":1}`, Progress: 100, HasProgress: true, Status: Success, TaskProgress: 100, StartedAt: 600, StartProgress: 100},
		},
		"Fail": {
			Fail{Error: "it broke"},
			Event{Sequence: 6, Type: ErrorEvent, Kind: KindFailed, Message: "it broke", Status: Failed, TaskProgress: 30, StartedAt: 600, StartProgress: 30},
		},
		"Cancel": {
			Cancel{},
			Event{Sequence: 6, Type: ErrorEvent, Kind: KindCanceled, Message: "Task canceled", Status: Canceled, TaskProgress: 30, StartedAt: 600, StartProgress: 30},
		},
	} {
		t.Run(name, func(t *testing.T) {
			pending := taskAt(Pending)
			was := &pending
			if _, ok := c.cmd.(Create); ok {
				was = nil
			}
			got, err := Apply(was, c.cmd, 600, "me")
			if err != nil {
				t.Fatal(err)
			}
			c.want.Time, c.want.Actor = 600, "me"
			if len(got.Events) != 1 || !reflect.DeepEqual(got.Events[0], c.want) {
				t.Errorf("got  %+v\nwant %+v", got.Events, c.want)
			}
		})
	}
}

func TestCreateMakesTheWholeTask(t *testing.T) {
	tags := []string{"b", "a", "b"}
	c, err := Apply(nil, Create{ID: "n", Type: "render", Tags: tags, Status: InProgress, Progress: 5, Metadata: `{"m":1}`}, 600, "me")
	if err != nil {
		t.Fatal(err)
	}
	want := Task{
		ID: "n", Type: "render", Tags: []string{"a", "b"}, CreatedBy: "me", Status: InProgress, Progress: 5,
		Metadata: `{"m":1}`, Sequence: 1, CreatedAt: 600, UpdatedAt: 600, StartedAt: 600, StartProgress: 5,
	}
	if !reflect.DeepEqual(c.Next, want) || !c.Detail {
		t.Errorf("got  %+v\nwant %+v", c.Next, want)
	}
	if !slices.Equal(tags, []string{"b", "a", "b"}) {
		t.Error("the command's tags were changed")
	}
}

func TestCompleteSets100(t *testing.T) {
	was := taskAt(InProgress)
	c, err := Apply(&was, Complete{}, 600, "")
	if err != nil || c.Next.Progress != 100 || c.Detail {
		t.Errorf("progress %d, detail %v, %v", c.Next.Progress, c.Detail, err)
	}
}

func TestDeleteIsAcceptedInEveryStatus(t *testing.T) {
	for s := Pending; s <= Canceled; s++ {
		was := taskAt(s)
		c, err := Apply(&was, Delete{}, 600, "me")
		if err != nil || !c.Delete || len(c.Events) != 0 || !reflect.DeepEqual(c.Next, was) {
			t.Errorf("%v: %+v, %v", s, c, err)
		}
	}
}

func TestAClockThatGoesBackDoesNotMoveEventsBack(t *testing.T) {
	was := taskAt(InProgress)
	c, err := Apply(&was, SetProgress{Progress: 50}, 1, "me")
	if err != nil || c.Events[0].Time != was.UpdatedAt || c.Next.UpdatedAt != was.UpdatedAt {
		t.Errorf("event at %d, %v", c.Events[0].Time, err)
	}
}

// calls are all commands but Create, on a target.
func calls(on Target) map[string]Command {
	return map[string]Command{
		"AddEvent":       AddEvents{Target: on, Events: []NewEvent{{}}},
		"UpdateProgress": SetProgress{Target: on},
		"Complete":       Complete{Target: on},
		"Fail":           Fail{Target: on, Error: "e"},
		"Cancel":         Cancel{Target: on},
		"Delete":         Delete{Target: on},
	}
}

func TestNoCallButCreateMakesATask(t *testing.T) {
	for name, cmd := range calls(Target{ID: "ghost"}) {
		_, err := Apply(nil, cmd, 600, "me")
		var e *rule.Error
		if !errors.As(err, &e) || !errors.Is(err, rule.ErrNotFound) || !strings.Contains(e.Text, `"ghost"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCreateOfATaskThatExistsIsRefused(t *testing.T) {
	for s := Pending; s <= Canceled; s++ {
		was := taskAt(s)
		_, err := Apply(&was, Create{ID: "t"}, 600, "me")
		var e *rule.Error
		if !errors.As(err, &e) || !errors.Is(err, rule.ErrExists) || e.Metadata["task_id"] != "t" {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestExpectedSequence(t *testing.T) {
	five, four := int64(5), int64(4)
	for s := Pending; s <= Canceled; s++ {
		for name, cmd := range calls(Target{ID: "t", Expected: &four}) {
			was := taskAt(s)
			_, err := Apply(&was, cmd, 600, "me")
			var e *rule.Error
			if !errors.As(err, &e) || !errors.Is(err, rule.ErrSequence) {
				t.Fatalf("%s on %v: %v", name, s, err)
			}
			want := map[string]string{"task_id": "t", "sequence": "5", "expected_sequence": "4"}
			if !reflect.DeepEqual(e.Metadata, want) {
				t.Errorf("%s on %v: %v", name, s, e.Metadata)
			}
		}
	}
	for name, cmd := range calls(Target{ID: "t", Expected: &five}) {
		was := taskAt(InProgress)
		if _, err := Apply(&was, cmd, 600, "me"); err != nil {
			t.Errorf("%s at its sequence: %v", name, err)
		}
	}
}

func TestCallsThatEndWorkAreKnown(t *testing.T) {
	ends := map[string]bool{"Complete": true, "Fail": true, "Cancel": true, "Delete": true}
	for name, cmd := range calls(Target{}) {
		if Ends(cmd) != ends[name] {
			t.Errorf("%s: %v", name, Ends(cmd))
		}
	}
	if Ends(Create{}) {
		t.Error("Create ends work")
	}
}

func TestAFullTaskCanStillEnd(t *testing.T) {
	full := taskAt(InProgress)
	for name, cmd := range calls(Target{}) {
		err := Room(full, cmd, full.Sequence)
		if refused := name == "AddEvent" || name == "UpdateProgress"; errors.Is(err, rule.ErrLimit) != refused {
			t.Errorf("%s: %v", name, err)
		}
		if err := Room(full, cmd, full.Sequence+1); err != nil {
			t.Errorf("%s with room for one: %v", name, err)
		}
	}
	two := AddEvents{Events: make([]NewEvent, 2)}
	var e *rule.Error
	if err := Room(full, two, full.Sequence+1); !errors.As(err, &e) || e.Metadata["max"] != "6" {
		t.Errorf("two events with room for one: %v", err)
	}
}
