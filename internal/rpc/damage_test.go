package rpc_test

import (
	"errors"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// The file of a task is damaged: callers are told so of its history, and of
// nothing else.
func TestATaskWhoseFileIsDamagedGoesOn(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func(n int) {
		t.Helper()
		for range n {
			_, err := c.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: "t", Event: &taskv1.NewEvent{Message: "m"}})
			must(err)
		}
		_, err := s.Host.Flush(ctx)
		must(err)
	}
	_, err := c.Create(ctx, &taskv1.CreateRequest{TaskId: "t"})
	must(err)
	add(2)
	s.SpoilFile(1)

	corrupt(t, "", func(req *taskv1.GetHistoryRequest) error {
		_, err := c.GetHistory(ctx, req)
		return err
	}, &taskv1.GetHistoryRequest{TaskId: "t"})
	snapshot := watchOne(t, s)
	if !snapshot.GetHistoryUnavailable() || snapshot.GetTask().GetSequence() != 3 || len(snapshot.GetEvents()) != 0 {
		t.Errorf("a watch begins with %v", snapshot)
	}
	if got, err := c.GetById(ctx, &taskv1.GetByIdRequest{TaskId: "t"}); err != nil || got.GetTask().GetSequence() != 3 {
		t.Errorf("the task itself: %v, %v", got, err)
	}

	add(4)
	page, err := c.GetHistory(ctx, &taskv1.GetHistoryRequest{TaskId: "t", Limit: 150})
	must(err)
	if n := len(page.GetEvents()); n != 4 || page.GetEvents()[3].GetId() != 4 || page.GetNextPageToken() == "" {
		t.Errorf("newest first there are %d events, token %q; want 7 to 4, and more", n, page.GetNextPageToken())
	}
	history := func(req *taskv1.GetHistoryRequest) error { _, err := c.GetHistory(ctx, req); return err }
	corrupt(t, "4", history, &taskv1.GetHistoryRequest{TaskId: "t", PageToken: page.GetNextPageToken()})
	corrupt(t, "4", history, &taskv1.GetHistoryRequest{TaskId: "t", AfterSequence: proto.Int64(0)})
	if up, err := c.GetHistory(ctx, &taskv1.GetHistoryRequest{TaskId: "t", AfterSequence: proto.Int64(3)}); err != nil || len(up.GetEvents()) != 4 {
		t.Errorf("after the third: %v, %v", up, err)
	}
	if snapshot := watchOne(t, s); !snapshot.GetHistoryUnavailable() || len(snapshot.GetEvents()) != 4 {
		t.Errorf("later a watch begins with %v", snapshot)
	}
}

// corrupt sees that a call is told that the task's file is, and where what is
// there begins.
func corrupt(t *testing.T, first string, call func(*taskv1.GetHistoryRequest) error, req *taskv1.GetHistoryRequest) {
	t.Helper()
	err := call(req)
	var e *connect.Error
	if !errors.As(err, &e) || e.Code() != connect.CodeDataLoss {
		t.Errorf("%v: %v, want data_loss", req, err)
		return
	}
	for _, d := range e.Details() {
		v, err := d.Value()
		if info, ok := v.(*errdetails.ErrorInfo); err == nil && ok && info.GetReason() == "TASK_FILE_CORRUPT" && info.GetMetadata()["first_sequence"] == first {
			return
		}
	}
	t.Errorf("%v: %v with other details than TASK_FILE_CORRUPT, first_sequence %q", req, err, first)
}

// watchOne returns the snapshot that a watch begins with.
func watchOne(t *testing.T, s *rpctest.Server) *taskv1.Snapshot {
	t.Helper()
	stream := watch(t, s.Client(s.Key), &taskv1.WatchRequest{TaskId: "t", History: proto.Int32(10)})
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	return stream.Msg().GetSnapshot()
}
