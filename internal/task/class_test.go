package task

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

var _ object.Class[Task, Event] = Class{}

// golden are events with the encoding that they have for all time. A line is
// never changed; new fields get new lines.
var golden = []struct {
	event Event
	data  string
}{
	{Event{}, `{}`},
	{
		Event{Sequence: 1, Type: Log, Kind: KindCreated, Message: "Task created", Metadata: `{"a":"b\n"}`, Time: 1764000000123456, Actor: "key1", Status: Pending, TaskType: "render", TaskTags: []string{"a", "\"b\""}},
		`{"sequence":1,"event_type":1,"kind":"task.created","message":"Task created","metadata":"{\"a\":\"b\\n\"}","timestamp":1764000000123456,"actor":"key1","status":1,"type":"render","tags":["a","\"b\""]}`,
	},
	{
		Event{Sequence: 2, Type: Progress, Kind: KindProgress, Message: "Progress 0%", HasProgress: true, Time: 1764000000123457, Status: InProgress, StartedAt: 1764000000123457},
		`{"sequence":2,"event_type":2,"kind":"task.progress","message":"Progress 0%","progress":0,"timestamp":1764000000123457,"status":2,"started_at":1764000000123457}`,
	},
	{
		Event{Sequence: 3, Type: ErrorEvent, Kind: KindEvent, Message: "<é日😀\u2028\x00\x1f\x7f\t\r\n\"\\/>", Progress: 40, HasProgress: true, Metadata: " {} ", Time: -1, Status: InProgress, TaskProgress: 40, StartedAt: 5, StartProgress: 10},
		`{"sequence":3,"event_type":3,"kind":"task.event","message":"<é日😀` + "\u2028" + `\u0000\u001f` + "\x7f" + `\t\r\n\"\\/>","progress":40,"metadata":" {} ","timestamp":-1,"status":2,"task_progress":40,"started_at":5,"start_progress":10}`,
	},
	{Event{Kind: KindSucceeded}, `{"kind":"task.succeeded"}`},
	{Event{Kind: KindFailed}, `{"kind":"task.failed"}`},
	{Event{Kind: KindCanceled}, `{"kind":"task.canceled"}`},
	{
		Event{Sequence: 1 << 62, Type: SuccessEvent, Kind: "task.of.tomorrow", Time: 1<<63 - 1, Status: Canceled},
		`{"sequence":4611686018427387904,"event_type":4,"kind":"task.of.tomorrow","timestamp":9223372036854775807,"status":5}`,
	},
}

func TestEncodingOfEventsNeverChanges(t *testing.T) {
	for _, g := range golden {
		if got := string(Class{}.Encode(nil, g.event)); got != g.data {
			t.Errorf("got  %s\nwant %s", got, g.data)
		}
		got, err := Class{}.Decode([]byte(g.data))
		if err != nil || !reflect.DeepEqual(got, g.event) {
			t.Errorf("%s\ngot  %+v, %v\nwant %+v", g.data, got, err, g.event)
		}
	}
}

func TestEncodeAppends(t *testing.T) {
	if got := string(Class{}.Encode([]byte("x{"), Event{Sequence: 1})); got != `x{{"sequence":1}` {
		t.Errorf("got %s", got)
	}
}

func TestDecodeRefusesWhatEncodeDidNotWrite(t *testing.T) {
	for _, data := range []string{
		"", "{", "}", "[]", "null", "{}{}", "{} ", " {}", `{"sequence":1,}`, `{"sequence" :1}`, `{"sequence":}`, `{"sequence":1.5}`,
		`{"sequence":"1"}`, `{"sequence":99999999999999999999}`, `{"sequence":-9223372036854775808}`, `{"event_type":256}`,
		`{"status":-256}`, `{"task_progress":2147483648}`,
		`{"kind":1}`, `{"kind":"`, `{"kind":"a`, `{"kind":"\`, `{"kind":"\x"}`, `{"kind":"\u00"`, `{"kind":"\u0041"}`, `{"kind":"\u001g"}`,
		"{\"kind\":\"\n\"}", "{\"kind\":\"\\n\n\"}", "{\"kind\":\"\xff\"}", "{\"kind\":\"\\n\xff\"}", `{"kind":"\n`, `{"stranger":1}`, `{"tags":["a",]}`, `{"tags":["a" "b"]}`, `{"tags":["a"`, `{"tags":1}`,
	} {
		if e, err := (Class{}).Decode([]byte(data)); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: got %+v, %v", data, e, err)
		}
	}
}

// randomWholeEvent is any event that the encoding must bring back.
func randomWholeEvent(r *rand.Rand) Event {
	e := Event{
		Sequence: r.Int64(), Type: EventType(1 + r.IntN(4)), Kind: KindEvent, Message: randomText(r), Metadata: randomJSON(r),
		Time: r.Int64() - r.Int64(), Actor: randomActor(r), Status: Status(1 + r.IntN(5)), TaskProgress: r.IntN(101),
		StartedAt: r.Int64N(2) * r.Int64(), StartProgress: r.IntN(101),
	}
	if e.HasProgress = r.IntN(2) == 0; e.HasProgress {
		e.Progress = r.IntN(101)
	}
	if r.IntN(2) == 0 {
		e.Kind, e.TaskType = KindCreated, randomText(r)
		for range r.IntN(3) {
			e.TaskTags = append(e.TaskTags, randomText(r))
		}
	}
	return e
}

func TestAnyEventComesBack(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		e := randomWholeEvent(r)
		data := Class{}.Encode(nil, e)
		got, err := Class{}.Decode(data)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%s\ngot  %+v, %v\nwant %+v", data, got, err, e)
		}
		row := Layout{}.Event(e)
		got, err = Layout{}.ScanEvent(row)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%v\ngot  %+v, %v\nwant %+v", row, got, err, e)
		}
	}
}

// FuzzEvent: an event of any valid strings comes back, and so does whatever
// Decode accepts.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"sequence":1}`), int64(1), "m", "k", "{}", "a", 40, true, "t")
	f.Add([]byte(golden[1].data), int64(-5), "\x00\n", KindCreated, "\"", "\\", 0, true, "")
	f.Add([]byte(golden[3].data), int64(0), "", "", "", "", 7, false, "é")
	f.Fuzz(func(t *testing.T, data []byte, n int64, message, kind, metadata, actor string, progress int, has bool, tag string) {
		if e, err := (Class{}).Decode(data); err == nil {
			comesBack(t, e)
		}
		valid := func(s string) string { return strings.ToValidUTF8(s, "?") }
		p := progress % 101
		if !has {
			p = 0
		}
		comesBack(t, Event{
			Sequence: max(n, -n), Message: valid(message), Kind: valid(kind), Metadata: valid(metadata), Actor: valid(actor),
			Progress: p, HasProgress: has, TaskProgress: p, TaskTags: []string{valid(tag)}, TaskType: valid(tag),
		})
	})
}

func comesBack(t *testing.T, e Event) {
	t.Helper()
	if e.Sequence == -1<<63 {
		return // no event has it
	}
	got, err := Class{}.Decode(Class{}.Encode(nil, e))
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, e)
	}
}

func TestAnyTaskComesBackFromItsRow(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		l := life{apply: Apply}
		if err := l.begin(randomCreate(r), 1_000_000, randomActor(r)); err != nil {
			t.Fatal(err)
		}
		for range r.IntN(30) {
			if err := l.step(randomCommand(r), 2_000_000+r.Int64N(1_000_000), randomActor(r)); err != nil {
				t.Fatal(err)
			}
		}
		row, detail := Class{}.Pack(l.task)
		got, err := Class{}.Unpack(row, detail)
		if err != nil || !reflect.DeepEqual(got, l.task) {
			t.Fatalf("%s\ngot  %+v, %v\nwant %+v", row.State, got, err, l.task)
		}
	}
}

func TestPackFillsTheRow(t *testing.T) {
	row, detail := Class{}.Pack(Task{
		ID: "a/b", Type: "render", Tags: []string{"x"}, CreatedBy: "me", Status: Failed, Progress: 30, Metadata: `{"m":1}`, Result: `{"r":1}`,
		Error: "no\n", Sequence: 4, CreatedAt: 1, UpdatedAt: 4, StartedAt: 2, EndedAt: 3, StartProgress: 10, EndSequence: 3, EndedBy: "her",
	})
	want := journal.Row{
		Key: journal.Key{Class: "task", ID: "a/b"}, Status: 4, Type: "render", CreatedBy: "me", Tags: []string{"x"}, CreatedAt: 1, UpdatedAt: 4, Sequence: 4,
		State: []byte(`{"progress":30,"started_at":2,"start_progress":10,"ended_at":3,"end_sequence":3,"ended_by":"her","error":"no\n"}`),
	}
	if !reflect.DeepEqual(row, want) {
		t.Errorf("got  %+v\nwant %+v", row, want)
	}
	if string(detail.Metadata) != `{"m":1}` || string(detail.Result) != `{"r":1}` {
		t.Errorf("detail %s", detail)
	}
	if row, detail := (Class{}).Pack(Task{Status: Pending}); string(row.State) != "{}" || detail.Metadata != nil || detail.Result != nil {
		t.Errorf("of an empty task: %s, %v", row.State, detail)
	}
}

func TestUnpackRefusesWhatPackDidNotWrite(t *testing.T) {
	good, _ := Class{}.Pack(taskAt(Failed))
	for name, spoil := range map[string]func(r *journal.Row){
		"another class":    func(r *journal.Row) { r.Class = "counter" },
		"no status":        func(r *journal.Row) { r.Status = 0 },
		"a strange status": func(r *journal.Row) { r.Status = 6 },
		"no state":         func(r *journal.Row) { r.State = nil },
		"half a state":     func(r *journal.Row) { r.State = r.State[:len(r.State)-1] },
		"a strange state":  func(r *journal.Row) { r.State = []byte(`{"x":1}`) },
	} {
		row := good
		spoil(&row)
		if _, err := (Class{}).Unpack(row, journal.Detail{}); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClassSaysWhatATaskIs(t *testing.T) {
	c := Class{}
	if c.Name() != "task" || c.Name() != (Layout{}).Class() {
		t.Errorf("name %s", c.Name())
	}
	for s := Pending; s <= Canceled; s++ {
		if c.Final(Task{Status: s}) != (s >= Success) {
			t.Errorf("final of %v", s)
		}
	}
	change, _ := Apply(nil, Create{ID: "t"}, 1, "")
	if got := c.At(change.Next, change.Events[0]); !reflect.DeepEqual(got, change.Next) {
		t.Errorf("at creation: %+v", got)
	}
}
