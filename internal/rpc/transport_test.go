package rpc_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/structpb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

func metadata(t testing.TB, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every call, by every protocol and codec, over every HTTP.
func TestEveryCallOverEveryTransport(t *testing.T) {
	plain := rpctest.Start(t, rpctest.Config{})
	secure := rpctest.Start(t, rpctest.Config{TLS: true})
	transports := []struct {
		name  string
		s     *rpctest.Server
		http2 bool
		grpc  bool // gRPC needs HTTP/2
	}{
		{"HTTP-1.1", plain, false, false},
		{"h2c", plain, true, true},
		{"TLS HTTP-1.1", secure, false, false},
		{"TLS h2", secure, true, true},
	}
	protocols := []struct {
		name string
		grpc bool
		opts []connect.ClientOption
	}{
		{"Connect proto", false, nil},
		{"Connect JSON", false, []connect.ClientOption{connect.WithProtoJSON()}},
		{"Connect JSON by GET", false, []connect.ClientOption{connect.WithProtoJSON(), connect.WithHTTPGet()}},
		{"Connect gzip", false, []connect.ClientOption{connect.WithSendGzip()}},
		{"gRPC", true, []connect.ClientOption{connect.WithGRPC()}},
		{"gRPC JSON", true, []connect.ClientOption{connect.WithGRPC(), connect.WithProtoJSON()}},
		{"gRPC-Web", false, []connect.ClientOption{connect.WithGRPCWeb()}},
		{"gRPC-Web JSON", false, []connect.ClientOption{connect.WithGRPCWeb(), connect.WithProtoJSON()}},
	}
	for _, tr := range transports {
		h := tr.s.HTTPClient(tr.http2)
		for _, p := range protocols {
			if p.grpc && !tr.grpc {
				continue
			}
			t.Run(tr.name+"/"+p.name, func(t *testing.T) {
				everyCall(t, tr.s.ClientOver(h, tr.s.Key, p.opts...), tr.name+"/"+p.name)
			})
		}
	}
}

// everyCall leads one task through all calls.
func everyCall(t *testing.T, c taskv1connect.TaskServiceClient, id string) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	created, err := c.Create(ctx, &taskv1.CreateRequest{TaskId: id, Type: "render", Tags: []string{"b", "a"}, Metadata: metadata(t, map[string]any{"file": "a.mp4"})})
	must(err)
	if got := created.GetTask(); got.GetTaskId() != id || got.GetMetadata().GetFields()["file"].GetStringValue() != "a.mp4" || !slices.Equal(got.GetTags(), []string{"a", "b"}) {
		t.Errorf("created %v", got)
	}

	stream, err := c.Watch(ctx, &taskv1.WatchRequest{TaskId: id})
	must(err)
	defer stream.Close()
	watched := receive(t, stream)
	if watched.GetSnapshot().GetTask().GetTaskId() != id || len(watched.GetSnapshot().GetEvents()) != 1 {
		t.Errorf("snapshot is %v", watched)
	}
	if m := receive(t, stream); m.GetCurrent() == nil {
		t.Errorf("got %v, want current", m)
	}

	added, err := c.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: id, Event: &taskv1.NewEvent{Message: "hello"}})
	must(err)
	if added.GetEvent().GetId() != 2 || added.GetTask().GetMetadata() != nil || added.GetTask().GetStatus() != taskv1.TaskStatus_TASK_STATUS_PENDING {
		t.Errorf("added %v", added)
	}
	several, err := c.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: id, Events: []*taskv1.NewEvent{{Message: "3"}, {Message: "4"}}})
	must(err)
	if len(several.GetEvents()) != 2 || several.GetEvent() != nil || several.GetTask().GetSequence() != 4 {
		t.Errorf("added %v", several)
	}
	progressed, err := c.UpdateProgress(ctx, &taskv1.UpdateProgressRequest{TaskId: id, Progress: 40, View: taskv1.TaskView_TASK_VIEW_FULL})
	must(err)
	if progressed.GetTask().GetStatus() != taskv1.TaskStatus_TASK_STATUS_IN_PROGRESS || progressed.GetTask().GetMetadata() == nil {
		t.Errorf("progressed %v", progressed)
	}
	waited, err := c.Wait(ctx, &taskv1.WaitRequest{TaskId: id, Cursor: watched.GetCursor()})
	must(err)
	if len(waited.GetMessages()) == 0 || waited.GetMessages()[0].GetEvent().GetEvent().GetId() != 2 {
		t.Errorf("waited %v", waited)
	}
	completed, err := c.Complete(ctx, &taskv1.CompleteRequest{TaskId: id, Metadata: metadata(t, map[string]any{"frames": 9})})
	must(err)
	if completed.GetTask().GetResult().GetFields()["frames"].GetNumberValue() != 9 || completed.GetTask().GetProgress() != 100 {
		t.Errorf("completed %v", completed)
	}

	for want := int64(2); want <= 6; want++ {
		if m := receive(t, stream); m.GetEvent().GetEvent().GetId() != want || m.GetSequence() != want || m.GetEvent().GetTask().GetSequence() != want {
			t.Errorf("got %v, want event %d", m, want)
		}
	}
	if m := receive(t, stream); m.GetEnd().GetReason() != taskv1.EndReason_END_REASON_FINISHED {
		t.Errorf("got %v, want the end", m)
	}
	if stream.Receive() || stream.Err() != nil {
		t.Errorf("after the end: %v, %v", stream.Msg(), stream.Err())
	}

	got, err := c.GetById(ctx, &taskv1.GetByIdRequest{TaskId: id})
	must(err)
	if got.GetTask().GetResult() == nil || got.GetTask().GetMetadata() == nil || got.GetTask().GetCompletedAt() == nil {
		t.Errorf("got %v", got)
	}
	history, err := c.GetHistory(ctx, &taskv1.GetHistoryRequest{TaskId: id, Limit: 4})
	must(err)
	if n := len(history.GetEvents()); n != 4 || history.GetEvents()[0].GetId() != 6 || history.GetNextPageToken() == "" {
		t.Errorf("history %v", history)
	}
	listed, err := c.ListAll(ctx, &taskv1.ListAllRequest{Filter: &taskv1.TaskFilter{TaskIdPrefix: id}})
	must(err)
	if len(listed.GetTasks()) == 0 || listed.GetCount() == 0 || listed.GetTasks()[0].GetMetadata() != nil {
		t.Errorf("listed %v", listed)
	}
	stats, err := c.Stats(ctx, &taskv1.StatsRequest{})
	must(err)
	if stats.GetTotal() == 0 {
		t.Errorf("stats %v", stats)
	}
	for i, end := range []func(string) error{
		func(id string) error { _, err := c.Fail(ctx, &taskv1.FailRequest{TaskId: id, Error: "no"}); return err },
		func(id string) error { _, err := c.Cancel(ctx, &taskv1.CancelRequest{TaskId: id}); return err },
		func(id string) error { _, err := c.Delete(ctx, &taskv1.DeleteRequest{TaskId: id}); return err },
	} {
		other, err := c.Create(ctx, &taskv1.CreateRequest{Status: taskv1.TaskStatus_TASK_STATUS_IN_PROGRESS})
		must(err)
		if n := len(other.GetTask().GetTaskId()); n != 26 {
			t.Errorf("%d: id made by the server has %d characters", i, n)
		}
		must(end(other.GetTask().GetTaskId()))
	}
}

func receive(t testing.TB, stream *connect.ServerStreamForClient[taskv1.WatchResponse]) *taskv1.WatchResponse {
	t.Helper()
	if !stream.Receive() {
		t.Fatalf("the stream ended: %v", stream.Err())
	}
	return stream.Msg()
}

// The headers of a watch must come although there is nothing to send.
func TestWatchAnswersAtOnce(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	for _, http2 := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+taskv1connect.TaskServiceWatchProcedure, envelope(`{"taskId":"later","waitForCreate":true}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/connect+json")
		res, err := s.HTTPClient(http2).Do(req)
		if err != nil {
			t.Fatalf("HTTP/2 %v: no headers: %v", http2, err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("HTTP/2 %v: status %d", http2, res.StatusCode)
		}
	}
}
