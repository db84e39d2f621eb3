package task

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

var _ store.Layout[Task, Event] = Layout{}

// named pairs columns with their values.
func columnsOf(names []string, values []any) map[string]any {
	m := map[string]any{}
	for i, name := range names {
		m[name] = values[i]
	}
	return m
}

func TestColumnsOfATask(t *testing.T) {
	l := Layout{}
	got := columnsOf(l.StateColumns(), l.State(Task{
		ID: "a/b", Type: "render", Tags: []string{"x", "\"y\""}, CreatedBy: "me", Status: Failed, Progress: 30, Metadata: `{"m":1}`, Result: `{"r":1}`,
		Error: "e", Sequence: 4, CreatedAt: 1, UpdatedAt: 4, StartedAt: 2, EndedAt: 3,
	}, journal.Row{}))
	want := map[string]any{
		"task_id": "a/b", "status": "failed", "progress": int64(30), "created_at": int64(1), "updated_at": int64(4), "started_at": int64(2),
		"completed_at": nil, "failed_at": int64(3), "canceled_at": nil, "metadata": `{"m":1}`, "type": "render", "tags": `["x","\"y\""]`,
		"created_by": "me", "result": `{"r":1}`, "error": "e",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestColumnsOfABareTask(t *testing.T) {
	l := Layout{}
	got := columnsOf(l.StateColumns(), l.State(Task{ID: "t", Status: Pending, CreatedAt: 1, UpdatedAt: 1}, journal.Row{}))
	for _, name := range []string{"started_at", "completed_at", "failed_at", "canceled_at", "metadata", "result", "error"} {
		if got[name] != nil {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	for name, want := range map[string]any{"status": "pending", "type": "", "tags": "[]", "created_by": ""} {
		if got[name] != want {
			t.Errorf("%s is %v", name, got[name])
		}
	}
}

func TestEachEndHasItsColumn(t *testing.T) {
	l := Layout{}
	for s, column := range map[Status]string{Success: "completed_at", Failed: "failed_at", Canceled: "canceled_at"} {
		got := columnsOf(l.StateColumns(), l.State(Task{Status: s, EndedAt: 7}, journal.Row{}))
		for _, name := range []string{"completed_at", "failed_at", "canceled_at"} {
			if set := got[name] == any(int64(7)); set != (name == column) {
				t.Errorf("%v: %s is %v", s, name, got[name])
			}
		}
	}
}

func TestColumnsOfEvents(t *testing.T) {
	l := Layout{}
	for name, c := range map[string]struct {
		event Event
		want  []any
	}{
		"a creation": {
			Event{Sequence: 1, Type: Log, Kind: KindCreated, Message: "Task created", Metadata: "{}", Time: 9, Actor: "me", Status: Pending, TaskType: "render", TaskTags: []string{"x"}},
			[]any{int64(1), "log", "task.created", "Task created", nil, int64(9), "{}", "me", "pending", int64(0), nil, int64(0), `{"type":"render","tags":["x"]}`},
		},
		"a bare creation": {
			Event{Sequence: 1, Type: Log, Kind: KindCreated, Status: Pending},
			[]any{int64(1), "log", "task.created", "", nil, int64(0), nil, "", "pending", int64(0), nil, int64(0), `{}`},
		},
		"progress 0": {
			Event{Sequence: 2, Type: Progress, Kind: KindProgress, HasProgress: true, Time: 9, Status: InProgress, StartedAt: 8, StartProgress: 5},
			[]any{int64(2), "progress", "task.progress", "", int64(0), int64(9), nil, "", "in-progress", int64(0), int64(8), int64(5), nil},
		},
	} {
		if got := l.Event(c.event); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s\ngot  %v\nwant %v", name, got, c.want)
		}
	}
}

func TestEveryColumnHasAValue(t *testing.T) {
	l := Layout{}
	if len(l.State(Task{}, journal.Row{})) != len(l.StateColumns()) || len(l.Event(Event{})) != len(l.EventColumns()) {
		t.Error("columns and values differ in number")
	}
	for _, columns := range [][]string{l.StateColumns(), l.EventColumns()} {
		slices.Sort(columns)
		if len(slices.Compact(columns)) != len(columns) {
			t.Error("a column is named twice")
		}
	}
}

func TestScanRefusesWhatEventDidNotWrite(t *testing.T) {
	l := Layout{}
	good := l.Event(Event{Sequence: 2, Type: Progress, Kind: KindCreated, HasProgress: true, Metadata: "{}", Status: InProgress, StartedAt: 8})
	if _, err := l.ScanEvent(good); err != nil {
		t.Fatal(err)
	}
	for i, name := range l.EventColumns() {
		for _, bad := range []any{3.5, []byte("x"), wrong(good[i])} {
			row := slices.Clone(good)
			row[i] = bad
			if _, err := l.ScanEvent(row); !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("%s = %v: %v", name, bad, err)
			}
		}
	}
	if _, err := l.ScanEvent(good[1:]); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("a column less: %v", err)
	}
	row := slices.Clone(good)
	row[1] = "rumour"
	if _, err := l.ScanEvent(row); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("a strange word: %v", err)
	}
	row = slices.Clone(good)
	row[12] = `{"x":1}`
	if _, err := l.ScanEvent(row); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("a strange creation: %v", err)
	}
}

// wrong is of another type than v.
func wrong(v any) any {
	if _, ok := v.(string); ok {
		return int64(1)
	}
	return "x"
}
