package rpc_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// start serves, with one task "t".
func start(t *testing.T, cfg rpctest.Config) (*rpctest.Server, taskv1connect.TaskServiceClient) {
	t.Helper()
	s := rpctest.Start(t, cfg)
	c := s.Client(s.Key)
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t", Metadata: metadata(t, map[string]any{"k": "v"})}); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func report(t *testing.T, c taskv1connect.TaskServiceClient, id string, progress int32) {
	t.Helper()
	if _, err := c.UpdateProgress(t.Context(), &taskv1.UpdateProgressRequest{TaskId: id, Progress: progress}); err != nil {
		t.Fatal(err)
	}
}

func watch(t *testing.T, c taskv1connect.TaskServiceClient, req *taskv1.WatchRequest) *connect.ServerStreamForClient[taskv1.WatchResponse] {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	stream, err := c.Watch(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stream.Close(); cancel() })
	return stream
}

// until receives messages until one is what.
func until(t *testing.T, stream *connect.ServerStreamForClient[taskv1.WatchResponse], is func(*taskv1.WatchResponse) bool) *taskv1.WatchResponse {
	t.Helper()
	for {
		if m := receive(t, stream); is(m) {
			return m
		}
	}
}

func isCurrent(m *taskv1.WatchResponse) bool { return m.GetCurrent() != nil }
func isEvent(m *taskv1.WatchResponse) bool   { return m.GetEvent() != nil }

// Followers of one task with different views and codecs share encodings, but
// never each other's.
func TestViewsOfAWatch(t *testing.T) {
	s, c := start(t, rpctest.Config{})
	type follower struct {
		name   string
		view   taskv1.TaskView
		stream *connect.ServerStreamForClient[taskv1.WatchResponse]
	}
	var all []follower
	for _, opts := range [][]connect.ClientOption{nil, {connect.WithProtoJSON()}} {
		for view := range taskv1.TaskView_name {
			for twin := range 2 {
				f := follower{name: fmt.Sprintf("view %d, %d options, twin %d", view, len(opts), twin), view: taskv1.TaskView(view)}
				f.stream = watch(t, s.Client("", opts...), &taskv1.WatchRequest{TaskId: "t", View: f.view})
				until(t, f.stream, isCurrent)
				all = append(all, f)
			}
		}
	}
	report(t, c, "t", 10)
	if _, err := c.Complete(t.Context(), &taskv1.CompleteRequest{TaskId: "t", Metadata: metadata(t, map[string]any{"r": 1})}); err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		full := f.view == taskv1.TaskView_TASK_VIEW_FULL
		progress := receive(t, f.stream).GetEvent()
		if progress.GetEvent().GetProgress() != 10 || (progress.GetTask().GetMetadata() != nil) != full {
			t.Errorf("%s: progress is %v", f.name, progress)
		}
		done := receive(t, f.stream).GetEvent()
		if (done.GetTask().GetResult() != nil) != (f.view != taskv1.TaskView_TASK_VIEW_BASIC) || (done.GetTask().GetMetadata() != nil) != full {
			t.Errorf("%s: completion is %v", f.name, done)
		}
		if end := receive(t, f.stream).GetEnd(); end.GetReason() != taskv1.EndReason_END_REASON_FINISHED {
			t.Errorf("%s: no end", f.name)
		}
	}
}

func TestAWatchResumesByItsCursor(t *testing.T) {
	_, c := start(t, rpctest.Config{})
	for p := range int32(5) {
		report(t, c, "t", p)
	}
	stream := watch(t, c, &taskv1.WatchRequest{TaskId: "t"})
	cursor := receive(t, stream).GetCursor()
	if len(cursor) >= 256 || strings.Trim(cursor, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~") != "" {
		t.Errorf("the cursor %q is not short and safe in a URL", cursor)
	}
	report(t, c, "t", 50)
	report(t, c, "t", 60)
	again := watch(t, c, &taskv1.WatchRequest{TaskId: "t", Cursor: cursor})
	for want := int64(7); want <= 8; want++ {
		if m := receive(t, again); m.GetEvent().GetEvent().GetId() != want {
			t.Errorf("resumed with %v, want event %d", m, want)
		}
	}
	if m := receive(t, again); !isCurrent(m) {
		t.Errorf("got %v, want current", m)
	}
}

func TestAWatchTellsOfDeleteAndCreate(t *testing.T) {
	_, c := start(t, rpctest.Config{})
	once := watch(t, c, &taskv1.WatchRequest{TaskId: "t"})
	forever := watch(t, c, &taskv1.WatchRequest{TaskId: "t", Follow: taskv1.WatchFollow_WATCH_FOLLOW_FOREVER, WaitForCreate: true})
	cursor := until(t, once, isCurrent).GetCursor()
	until(t, forever, isCurrent)
	if _, err := c.Delete(t.Context(), &taskv1.DeleteRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []*connect.ServerStreamForClient[taskv1.WatchResponse]{once, forever} {
		if m := receive(t, stream); m.GetRemoved().GetReason() != taskv1.RemovedReason_REMOVED_REASON_DELETED {
			t.Errorf("got %v, want removed", m)
		}
	}
	if m := receive(t, once); m.GetEnd().GetReason() != taskv1.EndReason_END_REASON_FINISHED {
		t.Errorf("got %v, want the end", m)
	}
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t", Type: "second"}); err != nil {
		t.Fatal(err)
	}
	if m := receive(t, forever); m.GetSnapshot().GetTask().GetType() != "second" {
		t.Errorf("got %v, want the snapshot of the second task", m)
	}
	stale := watch(t, c, &taskv1.WatchRequest{TaskId: "t", Cursor: cursor})
	if m := receive(t, stale); m.GetReset_().GetReason() != taskv1.ResetReason_RESET_REASON_GENERATION_CHANGED {
		t.Errorf("got %v, want a reset", m)
	}
	if m := receive(t, stale); m.GetSnapshot().GetTask().GetType() != "second" {
		t.Errorf("got %v, want a snapshot", m)
	}
}

func TestASilentWatchGetsHeartbeats(t *testing.T) {
	_, c := start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.Heartbeat = 20 * time.Millisecond }})
	stream := watch(t, c, &taskv1.WatchRequest{TaskId: "t"})
	until(t, stream, isCurrent)
	for range 3 {
		if m := receive(t, stream); m.GetHeartbeat() == nil || m.GetCursor() == "" || m.GetSequence() != 1 {
			t.Fatalf("got %v, want a heartbeat", m)
		}
	}
	report(t, c, "t", 5)
	until(t, stream, isEvent)
}

func TestDrainingEndsWatchesAndRefusesChanges(t *testing.T) {
	s, c := start(t, rpctest.Config{})
	stream := watch(t, c, &taskv1.WatchRequest{TaskId: "t"})
	cursor := until(t, stream, isCurrent).GetCursor()
	waited := make(chan *taskv1.WaitResponse, 1)
	go func() {
		answer, err := s.Client("").Wait(t.Context(), &taskv1.WaitRequest{TaskId: "t", Cursor: cursor})
		if err != nil && connect.CodeOf(err) != connect.CodeUnavailable {
			t.Error(err)
		}
		waited <- answer
	}()
	s.Host.Drain()
	if m := receive(t, stream); m.GetEnd().GetReason() != taskv1.EndReason_END_REASON_DRAINING {
		t.Errorf("got %v, want the end", m)
	}
	if stream.Receive() || stream.Err() != nil {
		t.Errorf("after the end: %v", stream.Err())
	}
	// The wait either had begun and was ended in order, or came too late.
	if answer := <-waited; answer != nil && len(answer.GetMessages()) > 0 && answer.GetMessages()[0].GetEnd().GetReason() != taskv1.EndReason_END_REASON_DRAINING {
		t.Errorf("waited %v", answer)
	}
	f := post{s: s, path: "UpdateProgress", body: `{"taskId":"t","progress":1}`}.do(t)
	if f.status != http.StatusServiceUnavailable || f.reason(t) != "DRAINING" {
		t.Errorf("a change meanwhile: %d %s", f.status, f.Message)
	}
	if f := (post{s: s, path: "GetById", body: `{"taskId":"t"}`}).do(t); f.status != http.StatusOK {
		t.Errorf("a read meanwhile: %d %s", f.status, f.Message)
	}
}

func TestTooManyFollowers(t *testing.T) {
	s, c := start(t, rpctest.Config{Followers: service.NewFollowers(2, 3)})
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "u"}); err != nil {
		t.Fatal(err)
	}
	refused := func(id, flag string) {
		t.Helper()
		f := post{s: s, path: "Wait", body: `{"taskId":"` + id + `"}`}.do(t)
		if f.Code != "resource_exhausted" || f.reason(t) != "LIMIT_EXCEEDED" || !strings.Contains(f.Message, flag+")") {
			t.Errorf("%s: %s %s", id, f.Code, f.Message)
		}
	}
	first := watch(t, c, &taskv1.WatchRequest{TaskId: "t"})
	until(t, first, isCurrent)
	until(t, watch(t, c, &taskv1.WatchRequest{TaskId: "t"}), isCurrent)
	refused("t", "--max-followers-task")
	until(t, watch(t, c, &taskv1.WatchRequest{TaskId: "u"}), isCurrent)
	refused("u", "--max-followers")
	// One that ends makes room.
	if _, err := c.Complete(t.Context(), &taskv1.CompleteRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	for first.Receive() {
	}
	if _, err := c.Wait(t.Context(), &taskv1.WaitRequest{TaskId: "u"}); err != nil {
		t.Errorf("after a follower left: %v", err)
	}
}

func TestWait(t *testing.T) {
	s, c := start(t, rpctest.Config{})
	none, long := durationpb.New(0), durationpb.New(20*time.Second)
	ask := func(req *taskv1.WaitRequest) *taskv1.WaitResponse {
		t.Helper()
		answer, err := c.Wait(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	snapshot := ask(&taskv1.WaitRequest{TaskId: "t", Timeout: none})
	if len(snapshot.GetMessages()) != 1 || snapshot.GetMessages()[0].GetSnapshot() == nil || snapshot.GetTimedOut() {
		t.Errorf("without a cursor: %v", snapshot)
	}
	cursor := snapshot.GetCursor()
	if quiet := ask(&taskv1.WaitRequest{TaskId: "t", Cursor: cursor, Timeout: none}); !quiet.GetTimedOut() || quiet.GetCursor() == "" {
		t.Errorf("without news: %v", quiet)
	}
	report(t, c, "t", 1)
	report(t, c, "t", 2)
	if there := ask(&taskv1.WaitRequest{TaskId: "t", Cursor: cursor, Timeout: none}); len(there.GetMessages()) != 2 || there.GetTimedOut() {
		t.Errorf("news that is there: %v", there)
	}

	// Waits that begin before what they wait for.
	cursor = ask(&taskv1.WaitRequest{TaskId: "t", Timeout: none}).GetCursor()
	answers := map[string]chan *taskv1.WaitResponse{}
	for name, req := range map[string]*taskv1.WaitRequest{
		"change":  {TaskId: "t", Cursor: cursor, Timeout: long},
		"end":     {TaskId: "t", Cursor: cursor, Timeout: long, Until: taskv1.WaitUntil_WAIT_UNTIL_TERMINAL},
		"created": {TaskId: "later", Timeout: long, WaitForCreate: true},
	} {
		answer := make(chan *taskv1.WaitResponse, 1)
		answers[name] = answer
		client := s.Client("")
		go func() {
			got, err := client.Wait(t.Context(), req)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			answer <- got
		}()
	}
	report(t, c, "t", 3)
	if got := <-answers["change"]; len(got.GetMessages()) == 0 || got.GetMessages()[0].GetEvent().GetEvent().GetId() != 4 {
		t.Errorf("change: %v", got)
	}
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "later"}); err != nil {
		t.Fatal(err)
	}
	if got := <-answers["created"]; len(got.GetMessages()) == 0 || got.GetMessages()[0].GetSnapshot().GetTask().GetTaskId() != "later" {
		t.Errorf("created: %v", got)
	}
	if _, err := c.Fail(t.Context(), &taskv1.FailRequest{TaskId: "t", Error: "no"}); err != nil {
		t.Fatal(err)
	}
	got := <-answers["end"]
	if n := len(got.GetMessages()); n != 3 || got.GetMessages()[n-1].GetEnd() == nil || got.GetMessages()[0].GetEvent().GetEvent().GetId() != 4 || got.GetTimedOut() {
		t.Errorf("end: %v", got)
	}
	if over := ask(&taskv1.WaitRequest{TaskId: "t", Cursor: got.GetCursor(), Timeout: long}); len(over.GetMessages()) != 1 || over.GetMessages()[0].GetEnd() == nil {
		t.Errorf("after the end: %v", over)
	}
}

// A Wait answers before the caller's own deadline.
func TestAWaitEndsBeforeItsCallersDeadline(t *testing.T) {
	_, c := start(t, rpctest.Config{})
	first, err := c.Wait(t.Context(), &taskv1.WaitRequest{TaskId: "t"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	got, err := c.Wait(ctx, &taskv1.WaitRequest{TaskId: "t", Cursor: first.GetCursor()})
	if err != nil || !got.GetTimedOut() {
		t.Errorf("got %v, %v", got, err)
	}
}

// A Wait's answer ends at 1,000 messages; the rest comes with the next call.
func TestAWaitIsBounded(t *testing.T) {
	_, c := start(t, rpctest.Config{})
	snapshot, err := c.Wait(t.Context(), &taskv1.WaitRequest{TaskId: "t"})
	if err != nil {
		t.Fatal(err)
	}
	for range 11 {
		req := &taskv1.AddEventRequest{TaskId: "t"}
		for range 100 {
			req.Events = append(req.Events, &taskv1.NewEvent{Message: "m"})
		}
		if _, err := c.AddEvent(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	cursor, want := snapshot.GetCursor(), int64(2)
	for _, n := range []int{1000, 100} {
		got, err := c.Wait(t.Context(), &taskv1.WaitRequest{TaskId: "t", Cursor: cursor})
		if err != nil || len(got.GetMessages()) != n {
			t.Fatalf("%d messages, want %d: %v", len(got.GetMessages()), n, err)
		}
		for _, m := range got.GetMessages() {
			if m.GetEvent().GetEvent().GetId() != want {
				t.Fatalf("got event %d, want %d", m.GetEvent().GetEvent().GetId(), want)
			}
			want++
		}
		cursor = got.GetCursor()
	}
}

func create(t *testing.T, c taskv1connect.TaskServiceClient, id string) {
	t.Helper()
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: id}); err != nil {
		t.Fatal(err)
	}
}

// addEvents adds n events of a text, as many in one call as fit.
func addEvents(t *testing.T, c taskv1connect.TaskServiceClient, id, text string, n int) {
	t.Helper()
	for perCall := min(100, 900_000/(len(text)+10)); n > 0; n -= perCall {
		req := &taskv1.AddEventRequest{TaskId: id}
		for range min(n, perCall) {
			req.Events = append(req.Events, &taskv1.NewEvent{Message: text})
		}
		if _, err := c.AddEvent(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
}
