package ws_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// The table of messages, to the byte, as they come over a real connection that
// was opened before there was a task.
func TestMessages(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	three := int32(3)
	metadata, err := structpb.NewStruct(map[string]any{"k": "v\""})
	h.must(err)
	id := `a/b "ü"`
	p := h.dial(id, "")
	did := func(_ any, err error) {
		t.Helper()
		h.must(err)
	}
	const (
		head    = `"taskId":"a/b \"ü\"","task":{"id":1,"taskId":"a/b \"ü\"",`
		created = `"createdAt":"T","updatedAt":"T",`
		open    = created + `"completedAt":null,"failedAt":null,"canceledAt":null,`
		meta    = `"metadata":"{\"k\":\"v\\\"\"}"},"timestamp":"T",`
	)
	create := &taskv1.CreateRequest{TaskId: id, Metadata: metadata}
	remove := &taskv1.DeleteRequest{TaskId: id}
	tests := []struct {
		name string
		do   func()
		want string
	}{
		{
			"Create is an event", func() { did(h.Create(t.Context(), create)) },
			`{"type":"event","event":{"eventType":"log","message":"Task created","timestamp":"T"},` + head +
				`"status":"pending","progress":0,` + open + meta + `"sequence":1,"cursor":"C"}`,
		},
		{
			"AddEvent is an event", func() {
				did(h.AddEvent(t.Context(), &taskv1.AddEventRequest{TaskId: id, Event: &taskv1.NewEvent{
					Message: "x\ny", Progress: &three, EventType: taskv1.EventType_EVENT_TYPE_ERROR, Metadata: metadata,
				}}))
			},
			`{"type":"event","event":{"eventType":"error","message":"x\ny","progress":3,"timestamp":"T"},` + head +
				`"status":"in-progress","progress":3,` + open + meta + `"sequence":2,"cursor":"C"}`,
		},
		{
			"UpdateProgress is progress", func() { h.report(id, 40) },
			`{"type":"progress","progress":40,` + head + `"status":"in-progress","progress":40,` + open + meta + `"sequence":3,"cursor":"C"}`,
		},
		{
			"Complete is complete", func() { did(h.Complete(t.Context(), &taskv1.CompleteRequest{TaskId: id, Metadata: metadata})) },
			`{"type":"complete",` + head + `"status":"success","progress":100,` + created +
				`"completedAt":"T","failedAt":null,"canceledAt":null,` + meta + `"sequence":4,"cursor":"C"}`,
		},
		{
			"a late note is an event", func() {
				did(h.AddEvent(t.Context(), &taskv1.AddEventRequest{TaskId: id, Event: &taskv1.NewEvent{Message: "late"}}))
			},
			`{"type":"event","event":{"eventType":"log","message":"late","timestamp":"T"},` + head + `"status":"success","progress":100,` + created +
				`"completedAt":"T","failedAt":null,"canceledAt":null,` + meta + `"sequence":5,"cursor":"C"}`,
		},
		{
			"Delete is removed", func() { did(h.Delete(t.Context(), remove)) },
			`{"type":"removed","taskId":"a/b \"ü\"","timestamp":"T","sequence":5,"cursor":"C"}`,
		},
		{
			"a new life begins at 1, without metadata it is an empty object",
			func() { did(h.Create(t.Context(), &taskv1.CreateRequest{TaskId: id})) },
			`{"type":"event","event":{"eventType":"log","message":"Task created","timestamp":"T"},` + head +
				`"status":"pending","progress":0,` + open + `"metadata":"{}"},"timestamp":"T","sequence":1,"cursor":"C"}`,
		},
		{
			"Fail is fail", func() { did(h.Fail(t.Context(), &taskv1.FailRequest{TaskId: id, Error: "no <disk>"})) },
			`{"type":"fail","error":"no <disk>",` + head + `"status":"failed","progress":0,` + created +
				`"completedAt":null,"failedAt":"T","canceledAt":null,"metadata":"{}"},"timestamp":"T","sequence":2,"cursor":"C"}`,
		},
	}
	for _, tt := range tests {
		tt.do()
		if got := plain(p.receive().text); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
	snapshot := `{"type":"snapshot","events":[{"id":1,"eventType":"log","message":"Task created","timestamp":"T"},` +
		`{"id":2,"eventType":"error","message":"no <disk>","timestamp":"T"}],` + head + `"status":"failed","progress":0,` + created +
		`"completedAt":null,"failedAt":"T","canceledAt":null,"metadata":"{}"},"timestamp":"T","sequence":2,"cursor":"C"}`
	if got := plain(h.dial(id, "snapshot=1").receive().text); got != snapshot {
		t.Errorf("snapshot:\n got %s\nwant %s", got, snapshot)
	}

	h.create("c")
	c := h.dial("c", "")
	did(h.Cancel(t.Context(), &taskv1.CancelRequest{TaskId: "c"}))
	cancel := `{"type":"cancel","taskId":"c","task":{"id":1,"taskId":"c","status":"canceled","progress":0,` + created +
		`"completedAt":null,"failedAt":null,"canceledAt":"T","metadata":"{}"},"timestamp":"T","sequence":2,"cursor":"C"}`
	if got := plain(c.receive().text); got != cancel {
		t.Errorf("Cancel:\n got %s\nwant %s", got, cancel)
	}
}

func TestTimesHaveMillisecondsAndZ(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	at := int64(1761300000123456)
	text, err := h.door.Update(&object.Message[task.Task, task.Event]{
		Kind: object.Event, State: task.Task{ID: "t", CreatedAt: at}, Events: []task.Event{{Kind: task.KindProgress, Time: at}},
	})
	if err != nil || strings.Count(string(text), `"2025-10-24T10:00:00.123Z"`) != 2 {
		t.Errorf("got %s, %v", text, err)
	}
}
