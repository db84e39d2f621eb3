package rpc

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

const (
	unspecified = taskv1.TaskView_TASK_VIEW_UNSPECIFIED
	basic       = taskv1.TaskView_TASK_VIEW_BASIC
	full        = taskv1.TaskView_TASK_VIEW_FULL
)

// protoOf parses the JSON form of a message.
func protoOf[M proto.Message](t *testing.T, m M, text string) M {
	t.Helper()
	if err := protojson.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func same(t *testing.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", protojson.Format(got), protojson.Format(want))
	}
}

func TestTasksAsTheAPIShowsThem(t *testing.T) {
	running := task.Task{
		ID: "a/b", Type: "render", Tags: []string{"x", "y"}, CreatedBy: "key1",
		Status: task.InProgress, Progress: 50, Metadata: `{"a":1}`, Sequence: 3,
		CreatedAt: 1_000_000, UpdatedAt: 12_000_000, StartedAt: 2_000_000, StartProgress: 0,
	}
	ended := func(s task.Status) task.Task {
		return task.Task{
			ID: "e", Status: s, Progress: 30, Sequence: 2, Result: `{"r":[1]}`,
			CreatedAt: 1_000_001, UpdatedAt: 3_000_000, StartedAt: 2_000_000, EndedAt: 2_000_000, EndSequence: 2,
		}
	}
	for name, c := range map[string]struct {
		task task.Task
		view taskv1.TaskView
		want string
	}{
		"a task in progress shows its estimate, and its metadata in the full view": {
			running, full,
			`{"taskId":"a/b","status":"TASK_STATUS_IN_PROGRESS","progress":50,"metadata":{"a":1},"sequence":"3",
			  "createdAt":"1970-01-01T00:00:01Z","updatedAt":"1970-01-01T00:00:12Z","startedAt":"1970-01-01T00:00:02Z",
			  "createdBy":"key1","tags":["x","y"],"type":"render","eta":"1970-01-01T00:00:22Z"}`,
		},
		"the basic view has no metadata": {
			running, basic,
			`{"taskId":"a/b","status":"TASK_STATUS_IN_PROGRESS","progress":50,"sequence":"3",
			  "createdAt":"1970-01-01T00:00:01Z","updatedAt":"1970-01-01T00:00:12Z","startedAt":"1970-01-01T00:00:02Z",
			  "createdBy":"key1","tags":["x","y"],"type":"render","eta":"1970-01-01T00:00:22Z"}`,
		},
		"a task that succeeded has completed_at": {
			ended(task.Success), full,
			`{"taskId":"e","status":"TASK_STATUS_SUCCESS","progress":30,"sequence":"2","result":{"r":[1]},
			  "createdAt":"1970-01-01T00:00:01.000001Z","updatedAt":"1970-01-01T00:00:03Z","startedAt":"1970-01-01T00:00:02Z",
			  "completedAt":"1970-01-01T00:00:02Z"}`,
		},
		"a task that failed has failed_at": {
			ended(task.Failed), basic,
			`{"taskId":"e","status":"TASK_STATUS_FAILED","progress":30,"sequence":"2",
			  "createdAt":"1970-01-01T00:00:01.000001Z","updatedAt":"1970-01-01T00:00:03Z","startedAt":"1970-01-01T00:00:02Z",
			  "failedAt":"1970-01-01T00:00:02Z"}`,
		},
		"a task that was canceled has canceled_at": {
			ended(task.Canceled), unspecified,
			`{"taskId":"e","status":"TASK_STATUS_CANCELED","progress":30,"sequence":"2",
			  "createdAt":"1970-01-01T00:00:01.000001Z","updatedAt":"1970-01-01T00:00:03Z","startedAt":"1970-01-01T00:00:02Z",
			  "canceledAt":"1970-01-01T00:00:02Z"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, toTask(c.task, c.view), protoOf(t, &taskv1.Task{}, c.want))
		})
	}
}

func TestAnswersCarryWhatTheCallSet(t *testing.T) {
	one := task.Task{Status: task.Success, Metadata: `{"m":1}`, Result: `{"r":1}`}
	for _, c := range []struct {
		kind             string
		view             taskv1.TaskView
		metadata, result bool
	}{
		{task.KindCreated, unspecified, true, false},
		{task.KindEvent, unspecified, false, false},
		{task.KindProgress, unspecified, false, false},
		{task.KindSucceeded, unspecified, false, true},
		{task.KindFailed, unspecified, false, true},
		{task.KindCanceled, unspecified, false, true},
		{task.KindCreated, basic, false, false},
		{task.KindSucceeded, basic, false, false},
		{task.KindEvent, full, true, true},
	} {
		t.Run(c.kind+" "+c.view.String(), func(t *testing.T) {
			got := toTaskAfter(one, c.kind, c.view)
			if (got.Metadata != nil) != c.metadata || (got.Result != nil) != c.result {
				t.Errorf("metadata %v, result %v", got.Metadata, got.Result)
			}
		})
	}
}

func TestEventsAsTheAPIShowsThem(t *testing.T) {
	for name, c := range map[string]struct {
		event task.Event
		want  string
	}{
		"a creation reports no progress": {
			task.Event{Sequence: 1, Type: task.Log, Kind: task.KindCreated, Message: "Task created", Time: 1_500_000},
			`{"id":"1","eventType":"EVENT_TYPE_LOG","kind":"task.created","message":"Task created","timestamp":"1970-01-01T00:00:01.500Z"}`,
		},
		"progress 0 is there": {
			task.Event{Sequence: 2, Type: task.Progress, Kind: task.KindProgress, HasProgress: true, Metadata: "{}", Time: 1, Actor: "me"},
			`{"id":"2","eventType":"EVENT_TYPE_PROGRESS","kind":"task.progress","progress":0,"metadata":{},"timestamp":"1970-01-01T00:00:00.000001Z","actor":"me"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, toEvent(c.event), protoOf(t, &taskv1.Event{}, c.want))
			same(t, toEvents([]task.Event{c.event})[0], protoOf(t, &taskv1.Event{}, c.want))
		})
	}
	if toEvents(nil) != nil {
		t.Error("no events are not nil")
	}
}

func TestNumbersOfEnumsAgree(t *testing.T) {
	for s := task.Pending; s <= task.Canceled; s++ {
		name := "TASK_STATUS_" + strings.ToUpper(strings.ReplaceAll(s.String(), "-", "_"))
		if got := toStatus(s).String(); got != name {
			t.Errorf("status %v is %s", s, got)
		}
		if fromStatus(toStatus(s)) != s {
			t.Errorf("status %v does not come back", s)
		}
	}
	for e := task.Log; e <= task.SuccessEvent; e++ {
		name := "EVENT_TYPE_" + strings.ToUpper(e.String())
		if got := toEventType(e).String(); got != name {
			t.Errorf("type %v is %s", e, got)
		}
		if fromEventType(toEventType(e)) != e {
			t.Errorf("type %v does not come back", e)
		}
	}
	for _, n := range []int32{-1, 6, 256, 257, 258} {
		if s := fromStatus(taskv1.TaskStatus(n)); s != unknown {
			t.Errorf("status %d is taken as %v", n, s)
		}
		if e := fromEventType(taskv1.EventType(n)); e != unknown {
			t.Errorf("type %d is taken as %v", n, e)
		}
	}
}

func TestTimesComeBack(t *testing.T) {
	for _, at := range []int64{0, 1, 999_999, 1_764_000_000_123_456, -1} {
		if got := fromTime(toTime(at)); got != at {
			t.Errorf("%d comes back as %d", at, got)
		}
	}
}
