package rpc_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// keyed makes a context whose call carries an idempotency key, and returns how
// to tell whether its answer was a replay.
func keyed(t *testing.T, key string) (ctx context.Context, replayed func() bool) {
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set("Idempotency-Key", key)
	return ctx, func() bool { return info.ResponseHeader().Get("Idempotency-Replayed") == "true" }
}

func TestTheSameKeyGetsTheSameAnswer(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c, anonymous := s.Client(s.Key), s.Client("")
	meta := metadata(t, map[string]any{"b": 1, "a": []any{"x", nil, true}})
	create := func(ctx context.Context) (proto.Message, error) {
		return c.Create(ctx, &taskv1.CreateRequest{TaskId: "t", Metadata: meta, Tags: []string{"z", "a"}, Type: "r"})
	}
	full := taskv1.TaskView_TASK_VIEW_FULL
	progress := int32(30)
	calls := []struct {
		name string
		call func(context.Context) (proto.Message, error)
	}{
		{"Create", create},
		{"AddEvent", func(ctx context.Context) (proto.Message, error) {
			return anonymous.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: "t", Event: &taskv1.NewEvent{Message: "m", Progress: &progress, Metadata: meta}})
		}},
		{"AddEvent of several", func(ctx context.Context) (proto.Message, error) {
			return anonymous.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: "t", Events: []*taskv1.NewEvent{{Message: "1"}, {Message: "2"}}})
		}},
		{"UpdateProgress, FULL", func(ctx context.Context) (proto.Message, error) {
			return c.UpdateProgress(ctx, &taskv1.UpdateProgressRequest{TaskId: "t", Progress: 60, View: full})
		}},
		{"Complete", func(ctx context.Context) (proto.Message, error) {
			return c.Complete(ctx, &taskv1.CompleteRequest{TaskId: "t", Metadata: meta})
		}},
		{"a late note, FULL", func(ctx context.Context) (proto.Message, error) {
			return c.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: "t", Event: &taskv1.NewEvent{Message: "late"}, View: full})
		}},
	}
	answers := make([]proto.Message, len(calls))
	for i, call := range calls { // in order, so that later calls change the task
		ctx, replayed := keyed(t, "key "+strconv.Itoa(i))
		var err error
		if answers[i], err = call.call(ctx); err != nil || replayed() {
			t.Fatalf("%s: %v, replayed %v", call.name, err, replayed())
		}
	}
	for i, call := range calls {
		ctx, replayed := keyed(t, "key "+strconv.Itoa(i))
		again, err := call.call(ctx)
		if err != nil || !replayed() || !proto.Equal(again, answers[i]) {
			t.Errorf("%s again: %v, replayed %v\ngot  %v\nwant %v", call.name, err, replayed(), again, answers[i])
		}
	}
	got, err := c.GetById(t.Context(), &taskv1.GetByIdRequest{TaskId: "t"})
	if err != nil || got.GetTask().GetSequence() != 7 {
		t.Errorf("repeated calls left %v, %v", got.GetTask().GetSequence(), err)
	}

	// Delete, twice; the second finds no task and answers all the same.
	for _, again := range []bool{false, true} {
		ctx, replayed := keyed(t, "delete")
		if _, err := c.Delete(ctx, &taskv1.DeleteRequest{TaskId: "t"}); err != nil || replayed() != again {
			t.Errorf("delete: %v, replayed %v", err, replayed())
		}
	}
	ctx, replayed := keyed(t, "key 0")
	if again, err := create(ctx); err != nil || !replayed() || !proto.Equal(again, answers[0]) {
		t.Errorf("create again after the delete: %v, %v", again, err)
	}
}

func TestAKeyIsOfOneRequest(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	ctx, _ := keyed(t, "k")
	if _, err := c.UpdateProgress(ctx, &taskv1.UpdateProgressRequest{TaskId: "t", Progress: 1}); err != nil {
		t.Fatal(err)
	}
	f := post{s: s, path: "UpdateProgress", body: `{"taskId":"t","progress":2}`, header: map[string]string{"X-API-Key": s.Key, "Idempotency-Key": "k"}}.do(t)
	if f.Code != "invalid_argument" || f.reason(t) != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("with another request: %s %s", f.Code, f.Message)
	}
	// The same in JSON is the same request; another call, and another caller, have
	// keys of their own.
	for name, p := range map[string]post{
		"JSON":           {path: "UpdateProgress", body: `{"progress":1, "taskId":"t", "unknown":1}`, header: map[string]string{"X-API-Key": s.Key}},
		"another call":   {path: "AddEvent", body: `{"taskId":"t","event":{}}`, header: map[string]string{"X-API-Key": s.Key}},
		"another caller": {path: "UpdateProgress", body: `{"taskId":"t","progress":3}`},
	} {
		p.s = s
		if p.header == nil {
			p.header = map[string]string{}
		}
		p.header["Idempotency-Key"] = "k"
		f := p.do(t)
		if f.status != 200 || (f.header.Get("Idempotency-Replayed") == "true") != (name == "JSON") {
			t.Errorf("%s: %d %s, replayed %q", name, f.status, f.Message, f.header.Get("Idempotency-Replayed"))
		}
	}
	// What was refused was not kept.
	ctx, replayed := keyed(t, "refused")
	sequence := int64(99)
	for range 2 {
		_, err := c.Complete(ctx, &taskv1.CompleteRequest{TaskId: "t", ExpectedSequence: &sequence})
		if connect.CodeOf(err) != connect.CodeAborted {
			t.Errorf("got %v", err)
		}
	}
	if _, err := c.Complete(ctx, &taskv1.CompleteRequest{TaskId: "t"}); err != nil || replayed() {
		t.Errorf("a refused call used up its key: %v", err)
	}
}

// Sixteen at once with one key and no id make one task, and all learn its id.
func TestConcurrentTwinsMakeOneTask(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	ids := make([]string, 16)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			ctx, _ := keyed(t, "twin")
			created, err := c.Create(ctx, &taskv1.CreateRequest{Type: "twin"})
			if err != nil {
				t.Error(err)
			}
			ids[i] = created.GetTask().GetTaskId()
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Errorf("ids differ: %q", ids)
			break
		}
	}
	listed, err := c.ListAll(t.Context(), &taskv1.ListAllRequest{Filter: &taskv1.TaskFilter{Type: "twin"}})
	if err != nil || listed.GetCount() != 1 {
		t.Errorf("%d tasks were made, %v", listed.GetCount(), err)
	}
}
