package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	counterv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1/counterv1connect"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

func newCounter(t *testing.T, c counterv1connect.CounterServiceClient, name string) {
	t.Helper()
	if _, err := c.Create(t.Context(), &counterv1.CreateRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func TestACounterCounts(t *testing.T) {
	t.Parallel()
	s := rpctest.Start(t, rpctest.Config{})
	for name, opts := range map[string][]connect.ClientOption{
		"Connect": nil, "Connect in JSON": {connect.WithProtoJSON()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		t.Run(name, func(t *testing.T) {
			owner, anyone := s.CounterClient(s.Key, opts...), s.CounterClient("", opts...)
			created, err := owner.Create(t.Context(), &counterv1.CreateRequest{Name: name, InitialValue: 5})
			if err != nil {
				t.Fatal(err)
			}
			if c, e := created.GetCounter(), created.GetEvent(); c.GetValue() != 5 || c.GetInitialValue() != 5 || c.GetOperationCount() != 0 || c.GetSequence() != 1 ||
				!strings.HasPrefix(c.GetCreatedBy(), "key:") || e.GetKind() != "counter.created" || e.GetId() != 1 {
				t.Errorf("created %v %v", c, e)
			}
			type answer interface {
				GetCounter() *counterv1.Counter
				GetEvent() *counterv1.Event
			}
			for i, step := range []struct {
				call  func() (answer, error)
				value int64
				kind  string
			}{
				{func() (answer, error) { return anyone.Increment(t.Context(), &counterv1.IncrementRequest{Name: name}) }, 6, "counter.incremented"},
				{func() (answer, error) {
					return anyone.Increment(t.Context(), &counterv1.IncrementRequest{Name: name, Amount: proto.Int64(4)})
				}, 10, "counter.incremented"},
				{func() (answer, error) { return anyone.Decrement(t.Context(), &counterv1.DecrementRequest{Name: name}) }, 9, "counter.decremented"},
				{func() (answer, error) {
					return anyone.SetValue(t.Context(), &counterv1.SetValueRequest{Name: name, Value: -3})
				}, -3, "counter.set"},
				{func() (answer, error) {
					return anyone.Reset(t.Context(), &counterv1.ResetRequest{Name: name, ExpectedSequence: proto.Int64(5)})
				}, 5, "counter.reset"},
			} {
				a, err := step.call()
				if err != nil {
					t.Fatal(err)
				}
				if c, e := a.GetCounter(), a.GetEvent(); c.GetValue() != step.value || e.GetValue() != step.value || e.GetKind() != step.kind || c.GetSequence() != int64(i)+2 || e.GetId() != int64(i)+2 || e.GetActor() != "" {
					t.Errorf("%s: %v %v", step.kind, c, e)
				}
			}
			got, err := anyone.Get(t.Context(), &counterv1.GetRequest{Name: name})
			if err != nil || got.GetCounter().GetOperationCount() != 5 {
				t.Errorf("%v, %v", got, err)
			}
			history, err := anyone.GetHistory(t.Context(), &counterv1.GetHistoryRequest{Name: name, AfterSequence: proto.Int64(3)})
			if err != nil || len(history.GetEvents()) != 3 || history.GetEvents()[1].GetPreviousValue() != 9 || history.GetEvents()[1].GetValue() != -3 {
				t.Errorf("history %v, %v", history, err)
			}
			if _, err := owner.Delete(t.Context(), &counterv1.DeleteRequest{Name: name}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusalsOfCountersSpeakOfCounters(t *testing.T) {
	t.Parallel()
	s := rpctest.Start(t, rpctest.Config{})
	owner, anyone := s.CounterClient(s.Key), s.CounterClient("")
	newCounter(t, owner, "c")
	ctx := t.Context()
	for reason, tt := range map[string]struct {
		call func() error
		code connect.Code
	}{
		"COUNTER_NOT_FOUND":      {func() error { _, err := anyone.Increment(ctx, &counterv1.IncrementRequest{Name: "none"}); return err }, connect.CodeNotFound},
		"COUNTER_ALREADY_EXISTS": {func() error { _, err := owner.Create(ctx, &counterv1.CreateRequest{Name: "c"}); return err }, connect.CodeAlreadyExists},
		"COUNTER_OUT_OF_RANGE": {func() error {
			if _, err := anyone.SetValue(ctx, &counterv1.SetValueRequest{Name: "c", Value: 1<<53 - 1}); err != nil {
				return err
			}
			_, err := anyone.Increment(ctx, &counterv1.IncrementRequest{Name: "c"})
			return err
		}, connect.CodeOutOfRange},
		"INVALID_FIELD": {func() error {
			_, err := anyone.Decrement(ctx, &counterv1.DecrementRequest{Name: "c", Amount: proto.Int64(0)})
			return err
		}, connect.CodeInvalidArgument},
		"SEQUENCE_MISMATCH": {func() error {
			_, err := anyone.Reset(ctx, &counterv1.ResetRequest{Name: "c", ExpectedSequence: proto.Int64(99)})
			return err
		}, connect.CodeAborted},
		"UNAUTHENTICATED": {func() error { _, err := anyone.Create(ctx, &counterv1.CreateRequest{Name: "d"}); return err }, connect.CodeUnauthenticated},
	} {
		err := tt.call()
		if connect.CodeOf(err) != tt.code || reasonOf(err) != reason {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if _, err := anyone.ListAll(ctx, &counterv1.ListAllRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("listing without a key: %v", err)
	}
	if _, err := anyone.Delete(ctx, &counterv1.DeleteRequest{Name: "c"}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("deleting without a key: %v", err)
	}
}

// With a key an increment counts once, however often it is sent.
func TestAKeyedIncrementCountsOnce(t *testing.T) {
	t.Parallel()
	s := rpctest.Start(t, rpctest.Config{})
	owner, anyone := s.CounterClient(s.Key), s.CounterClient("")
	newCounter(t, owner, "c")
	var first *counterv1.IncrementResponse
	for i := range 3 {
		ctx, info := connect.NewClientContext(t.Context())
		info.RequestHeader().Set("Idempotency-Key", "k")
		a, err := anyone.Increment(ctx, &counterv1.IncrementRequest{Name: "c", Amount: proto.Int64(7)})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = a
		}
		if replayed := info.ResponseHeader().Get("Idempotency-Replayed") != ""; replayed != (i > 0) || !proto.Equal(a, first) {
			t.Errorf("call %d: replayed %v, answered %v, at first %v", i, replayed, a, first)
		}
	}
	if got, err := anyone.Get(t.Context(), &counterv1.GetRequest{Name: "c"}); err != nil || got.GetCounter().GetValue() != 7 {
		t.Errorf("%v, %v", got, err)
	}
}

// Counters and tasks share a ledger: what is listed of one class waits for what
// the other commits, neither shows the other, and names do not meet ids.
func TestClassesLiveBesideEachOther(t *testing.T) {
	t.Parallel()
	s := rpctest.Start(t, rpctest.Config{})
	tasks, counters := s.Client(s.Key), s.CounterClient(s.Key)
	newCounter(t, counters, "same")
	if _, err := tasks.Create(t.Context(), &taskv1.CreateRequest{TaskId: "same"}); err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 25 {
				if _, err := counters.Increment(t.Context(), &counterv1.IncrementRequest{Name: "same"}); err != nil {
					t.Error(err)
				}
				if _, err := tasks.UpdateProgress(t.Context(), &taskv1.UpdateProgressRequest{TaskId: "same", Progress: 1}); err != nil {
					t.Error(err)
				}
				list, err := counters.ListAll(t.Context(), &counterv1.ListAllRequest{})
				if err != nil || len(list.GetCounters()) != 1 || list.GetCount() != 1 {
					t.Errorf("counters %v, %v", list, err)
				}
				all, err := tasks.ListAll(t.Context(), &taskv1.ListAllRequest{})
				if err != nil || len(all.GetTasks()) != 1 || all.GetCount() != 1 {
					t.Errorf("tasks %v, %v", all, err)
				}
			}
		})
	}
	callers.Wait()
	got, err := counters.Get(t.Context(), &counterv1.GetRequest{Name: "same"})
	if err != nil || got.GetCounter().GetValue() != 200 {
		t.Errorf("%v, %v: want 200", got, err)
	}
	if _, err := counters.ListAll(t.Context(), &counterv1.ListAllRequest{PageToken: taskToken(t, s)}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a page token of tasks lists counters: %v", err)
	}
}

func taskToken(t *testing.T, s *rpctest.Server) string {
	t.Helper()
	tasks := s.Client(s.Key)
	if _, err := tasks.Create(t.Context(), &taskv1.CreateRequest{TaskId: "another"}); err != nil {
		t.Fatal(err)
	}
	page, err := tasks.ListAll(t.Context(), &taskv1.ListAllRequest{PageSize: 1})
	if err != nil || page.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", page, err)
	}
	return page.GetNextPageToken()
}

// Watchers of a counter see each change once and in order: on a stream of its own
// and on one of several, in both encodings.
func TestWatchersOfACounterSeeEachChangeOnce(t *testing.T) {
	t.Parallel()
	s := rpctest.Start(t, rpctest.Config{})
	owner := s.CounterClient(s.Key)
	newCounter(t, owner, "c")
	const changes = 60
	var ready, watchers sync.WaitGroup
	for i := range 8 {
		var opts []connect.ClientOption
		if i%2 == 0 {
			opts = append(opts, connect.WithProtoJSON())
		}
		c := s.CounterClient("", opts...)
		ready.Add(1)
		watchers.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			next := one(ctx, t, c)
			if i >= 4 {
				next = several(ctx, t, c)
			}
			if err := follow(next, changes+1, ready.Done); err != nil {
				t.Errorf("watcher %d: %v", i, err)
			}
		})
	}
	ready.Wait()
	for range changes {
		if _, err := owner.Increment(t.Context(), &counterv1.IncrementRequest{Name: "c"}); err != nil {
			t.Fatal(err)
		}
	}
	watchers.Wait()
}

// follow reads to a sequence, and checks what comes on the way.
func follow(next func() *counterv1.WatchResponse, upto int64, current func()) error {
	at := int64(0)
	for at < upto {
		m := next()
		switch x := m.GetMessage().(type) {
		case *counterv1.WatchResponse_Snapshot:
			at = x.Snapshot.GetCounter().GetSequence()
		case *counterv1.WatchResponse_Current:
			current()
		case *counterv1.WatchResponse_Event:
			e, c := x.Event.GetEvent(), x.Event.GetCounter()
			if at++; e.GetId() != at || m.GetSequence() != at || c.GetSequence() != at || e.GetValue() != at-1 || e.GetPreviousValue() != at-2 || c.GetValue() != at-1 {
				return fmt.Errorf("got %v, want event %d", m, at)
			}
		default:
			return fmt.Errorf("got %v", m)
		}
	}
	return nil
}

func one(ctx context.Context, t *testing.T, c counterv1connect.CounterServiceClient) func() *counterv1.WatchResponse {
	t.Helper()
	stream, err := c.Watch(ctx, &counterv1.WatchRequest{Name: "c"})
	if err != nil {
		t.Error(err)
		return func() *counterv1.WatchResponse { return nil }
	}
	return func() *counterv1.WatchResponse {
		if !stream.Receive() {
			return nil
		}
		return stream.Msg()
	}
}

func several(ctx context.Context, t *testing.T, c counterv1connect.CounterServiceClient) func() *counterv1.WatchResponse {
	t.Helper()
	stream, err := c.WatchAll(ctx, &counterv1.WatchAllRequest{Targets: []*counterv1.WatchTarget{{Name: "none"}, {Name: "c"}}})
	if err != nil {
		t.Error(err)
		return func() *counterv1.WatchResponse { return nil }
	}
	return func() *counterv1.WatchResponse {
		for stream.Receive() {
			if stream.Msg().GetName() == "c" {
				return stream.Msg().GetMessage()
			}
		}
		return nil
	}
}

// A counter goes on after its server was stopped and started: what was counted is
// there, and a watch resumes by its cursor.
func TestACounterOutlivesItsServer(t *testing.T) {
	t.Parallel()
	s := rpctest.Start(t, rpctest.Config{})
	c := s.CounterClient(s.Key)
	newCounter(t, c, "c")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := one(ctx, t, c)
	cursor := first().GetCursor()
	if _, err := c.Increment(t.Context(), &counterv1.IncrementRequest{Name: "c", Amount: proto.Int64(41)}); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	again := rpctest.Start(t, rpctest.Config{Dir: s.Dir})
	stream, err := again.CounterClient("").Watch(t.Context(), &counterv1.WatchRequest{Name: "c", Cursor: cursor})
	if err != nil || !stream.Receive() {
		t.Fatal(err, stream.Err())
	}
	if e := stream.Msg().GetEvent().GetEvent(); e.GetId() != 2 || e.GetValue() != 41 {
		t.Errorf("resumed with %v", stream.Msg())
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
}

// reasonOf returns the reason that a failure carries.
func reasonOf(err error) string {
	var failed *connect.Error
	if errors.As(err, &failed) {
		for _, d := range failed.Details() {
			if v, err := d.Value(); err == nil {
				if info, ok := v.(*errdetails.ErrorInfo); ok {
					return info.GetReason()
				}
			}
		}
	}
	return ""
}
