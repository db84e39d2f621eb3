package rpc_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// Many tasks on one stream, cut at random and resumed by each task's cursor:
// every sequence of every task comes once, by both codecs.
func TestWatchAllSeesEveryEventOnce(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	const tasks, updates = 20, 30
	for name, opts := range map[string][]connect.ClientOption{"proto": nil, "json": {connect.WithProtoJSON()}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			c := s.Client(s.Key, opts...)
			a := &all{t: t, client: c, cursor: map[string]string{}, at: map[string]int64{}, random: rand.New(rand.NewPCG(1, 2))}
			for i := range tasks {
				a.cursor[fmt.Sprintf("%s \"%d\" é", name, i)] = ""
			}
			written := make(chan error, 1)
			go func() { written <- work(ctx, c, a.ids(), updates) }()
			for len(a.cursor) > 0 {
				a.watch(ctx)
			}
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			for id, at := range a.at {
				if at != updates+2 {
					t.Errorf("%s: saw events up to %d, want %d", id, at, updates+2)
				}
			}
		})
	}
}

// all is a client of WatchAll that remembers where each task is.
type all struct {
	t      *testing.T
	client taskv1connect.TaskServiceClient
	cursor map[string]string // :: id -> where to go on; none once the task has ended
	at     map[string]int64  // :: id -> last sequence seen
	random *rand.Rand
}

func (a *all) ids() (ids []string) {
	for id := range a.cursor {
		ids = append(ids, id)
	}
	return ids
}

// watch takes some messages, then cuts the stream.
func (a *all) watch(ctx context.Context) {
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	req := &taskv1.WatchAllRequest{WaitForCreate: true}
	for id, cursor := range a.cursor {
		req.Targets = append(req.Targets, &taskv1.WatchTarget{TaskId: id, Cursor: cursor})
	}
	stream, err := a.client.WatchAll(ctx, req)
	if err != nil {
		a.t.Fatal(err)
	}
	for range 1 + a.random.IntN(100) {
		if !stream.Receive() {
			if stream.Err() != nil {
				a.t.Fatal(stream.Err())
			}
			return
		}
		a.take(stream.Msg())
	}
}

func (a *all) take(m *taskv1.WatchAllResponse) {
	id, w := m.GetTaskId(), m.GetMessage()
	switch w.GetMessage().(type) {
	case *taskv1.WatchResponse_Snapshot:
		if a.at[id] != 0 {
			a.t.Fatalf("%s: a snapshot after %d", id, a.at[id])
		}
		a.at[id] = w.GetSequence()
	case *taskv1.WatchResponse_Event:
		if a.at[id]++; w.GetSequence() != a.at[id] || w.GetEvent().GetEvent().GetId() != a.at[id] || w.GetEvent().GetTask().GetTaskId() != id {
			a.t.Fatalf("%s: got %v, want event %d", id, w, a.at[id])
		}
	case *taskv1.WatchResponse_End:
		delete(a.cursor, id)
		return
	}
	if w.GetCursor() != "" {
		a.cursor[id] = w.GetCursor()
	}
}

// work creates tasks, reports on them in turn and ends them.
func work(ctx context.Context, c taskv1connect.TaskServiceClient, ids []string, updates int) error {
	for _, id := range ids {
		if _, err := c.Create(ctx, &taskv1.CreateRequest{TaskId: id}); err != nil {
			return err
		}
	}
	for i := range updates {
		for _, id := range ids {
			if _, err := c.UpdateProgress(ctx, &taskv1.UpdateProgressRequest{TaskId: id, Progress: int32(i)}); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if _, err := c.Complete(ctx, &taskv1.CompleteRequest{TaskId: id}); err != nil {
			return err
		}
	}
	return nil
}

func TestWatchAllTellsOfTasksThatAreNotThere(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.Heartbeat = 20 * time.Millisecond }})
	c := s.Client(s.Key)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := c.Create(ctx, &taskv1.CreateRequest{TaskId: "there"}); err != nil {
		t.Fatal(err)
	}
	stream, err := c.WatchAll(ctx, &taskv1.WatchAllRequest{Targets: []*taskv1.WatchTarget{{TaskId: "gone"}, {TaskId: "there"}}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for !seen["heartbeat"] {
		if !stream.Receive() {
			t.Fatal(stream.Err())
		}
		m := stream.Msg()
		switch m.GetMessage().GetMessage().(type) {
		case *taskv1.WatchResponse_Removed:
			seen[m.GetTaskId()+" removed"] = true
		case *taskv1.WatchResponse_End:
			seen[m.GetTaskId()+" end"] = true
		case *taskv1.WatchResponse_Snapshot:
			seen[m.GetTaskId()+" snapshot"] = true
		case *taskv1.WatchResponse_Heartbeat:
			seen["heartbeat"] = m.GetTaskId() == ""
		}
	}
	if !seen["gone removed"] || !seen["gone end"] || !seen["there snapshot"] || seen["there end"] {
		t.Errorf("saw %v", seen)
	}
}

func TestWatchAllRefusesATaskNamedTwice(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	for name, targets := range map[string][]*taskv1.WatchTarget{
		"none": nil, "twice": {{TaskId: "a"}, {TaskId: "a"}},
	} {
		stream, err := s.Client("").WatchAll(t.Context(), &taskv1.WatchAllRequest{Targets: targets})
		if err == nil && stream.Receive() {
			t.Errorf("%s: got %v", name, stream.Msg())
		}
		if err == nil {
			err = stream.Err()
		}
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%s: %v, want invalid_argument", name, err)
		}
	}
}

// A task whose watch fails does not take the others with it.
func TestOneTaskOfAWatchAllFailsAlone(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{Followers: service.NewFollowers(1, 0)})
	c := s.Client(s.Key)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, id := range []string{"crowded", "fine", "confused"} {
		if _, err := c.Create(ctx, &taskv1.CreateRequest{TaskId: id}); err != nil {
			t.Fatal(err)
		}
	}
	other, err := c.Watch(ctx, &taskv1.WatchRequest{TaskId: "crowded"})
	if err != nil || !other.Receive() {
		t.Fatal("no watch:", err)
	}
	defer other.Close()
	all, err := c.WatchAll(ctx, &taskv1.WatchAllRequest{Targets: []*taskv1.WatchTarget{
		{TaskId: "crowded"}, {TaskId: "fine"}, {TaskId: "confused", Cursor: "no cursor"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if _, err := c.Complete(ctx, &taskv1.CompleteRequest{TaskId: "fine"}); err != nil {
		t.Fatal(err)
	}
	failed, ended := map[string]string{}, map[string]bool{}
	for all.Receive() {
		m := all.Msg()
		if f := m.GetFailure(); f != nil {
			failed[m.GetTaskId()] = fmt.Sprintf("%v %s", connect.Code(f.GetCode()), f.GetReason())
		}
		ended[m.GetTaskId()] = m.GetMessage().GetEnd() != nil
	}
	if err := all.Err(); err != nil {
		t.Error("the stream ended with", err)
	}
	if failed["crowded"] != "resource_exhausted LIMIT_EXCEEDED" || failed["confused"] != "invalid_argument INVALID_FIELD" || len(failed) != 2 || !ended["fine"] {
		t.Errorf("failed: %v, ended: %v", failed, ended)
	}
}
