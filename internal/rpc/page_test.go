package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

func TestAListIsReadPageByPage(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	for i := range 25 {
		if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: fmt.Sprintf("t-%02d", i), Type: "x", Metadata: metadata(t, map[string]any{"i": i})}); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range []taskv1.ListOrder{taskv1.ListOrder_LIST_ORDER_CREATED, taskv1.ListOrder_LIST_ORDER_UPDATED} {
		var ids []string
		req := &taskv1.ListAllRequest{PageSize: 10, Order: order, View: taskv1.TaskView_TASK_VIEW_FULL, Filter: &taskv1.TaskFilter{Type: "x"}}
		for {
			page, err := c.ListAll(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if page.GetCount() != 25 {
				t.Errorf("count is %d", page.GetCount())
			}
			for _, x := range page.GetTasks() {
				ids = append(ids, x.GetTaskId())
				if x.GetMetadata() == nil {
					t.Errorf("%s has no metadata in the FULL view", x.GetTaskId())
				}
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		if len(ids) != 25 || ids[0] != "t-24" || ids[24] != "t-00" {
			t.Errorf("%v: listed %v", order, ids)
		}
	}

	first, err := c.ListAll(t.Context(), &taskv1.ListAllRequest{PageSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	for name, req := range map[string]*taskv1.ListAllRequest{
		"another filter": {Filter: &taskv1.TaskFilter{Type: "x"}},
		"another order":  {Order: taskv1.ListOrder_LIST_ORDER_UPDATED},
	} {
		req.PageToken = first.GetNextPageToken()
		if _, err := c.ListAll(t.Context(), req); connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "page_token") {
			t.Errorf("a token for %s: %v", name, err)
		}
	}
	other := rpctest.Start(t, rpctest.Config{}) // another epoch
	if _, err := other.Client(other.Key).ListAll(t.Context(), &taskv1.ListAllRequest{PageToken: first.GetNextPageToken()}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a token for another server's data: %v", err)
	}
}

func TestHistoryIsReadPageByPage(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	create := func(events int) {
		t.Helper()
		if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
			t.Fatal(err)
		}
		for done := 1; done < events; done += 100 {
			req := &taskv1.AddEventRequest{TaskId: "t"}
			for range min(100, events-done) {
				req.Events = append(req.Events, &taskv1.NewEvent{Message: "m"})
			}
			if _, err := c.AddEvent(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
	}
	create(350)
	for _, home := range []bool{false, true} {
		if home {
			if _, err := s.Host.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := int64(350)
		req := &taskv1.GetHistoryRequest{TaskId: "t", Limit: 120}
		for pages := 1; ; pages++ {
			page, err := c.GetHistory(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.GetEvents() {
				if e.GetId() != want {
					t.Fatalf("got event %d, want %d", e.GetId(), want)
				}
				want--
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				if pages != 3 || want != 0 {
					t.Errorf("%d pages, down to %d", pages, want)
				}
				break
			}
		}
		after := int64(0)
		for {
			page, err := c.GetHistory(t.Context(), &taskv1.GetHistoryRequest{TaskId: "t", Limit: 130, AfterSequence: &after})
			if err != nil || page.GetNextPageToken() != "" {
				t.Fatalf("%v, token %q", err, page.GetNextPageToken())
			}
			for _, e := range page.GetEvents() {
				if after++; e.GetId() != after {
					t.Fatalf("got event %d, want %d", e.GetId(), after)
				}
			}
			if len(page.GetEvents()) == 0 {
				break
			}
		}
		if after != 350 {
			t.Errorf("ascending ended at %d", after)
		}
	}

	first, err := c.GetHistory(t.Context(), &taskv1.GetHistoryRequest{TaskId: "t", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Delete(t.Context(), &taskv1.DeleteRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	create(400)
	_, err = c.GetHistory(t.Context(), &taskv1.GetHistoryRequest{TaskId: "t", PageToken: first.GetNextPageToken()})
	if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "page_token") {
		t.Errorf("a token of the task before: %v", err)
	}
}

// Answers end at 3 MiB, and none is too large to send in either encoding.
func TestLargePagesEndInTime(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c, j := s.Client(s.Key), s.Client(s.Key, connect.WithProtoJSON())
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	numbers := make([]any, 32_000) // 64 kB as JSON, 350 kB as protobuf
	for i := range numbers {
		numbers[i] = 1
	}
	events := []*taskv1.NewEvent{
		{Metadata: metadata(t, map[string]any{"n": numbers})},
		{Message: strings.Repeat("\x01", 16384)}, // 16 kB as protobuf, 98 kB as JSON
		{Message: strings.Repeat("x", 16384), Metadata: metadata(t, map[string]any{"a": strings.Repeat("y", 65000)})},
	}
	for i := range 36 {
		which := 1 + i%2
		if i%6 == 0 {
			which = 0
		}
		if _, err := c.AddEvent(t.Context(), &taskv1.AddEventRequest{TaskId: "t", Event: events[which]}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name string, events []*taskv1.Event, m proto.Message) {
		t.Helper()
		data, err := protojson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		size := max(len(data), proto.Size(m))
		if size > 7<<19 || size < 2<<20 || len(events) == 0 {
			t.Errorf("%s: %d events in %d bytes", name, len(events), size)
		}
	}
	for name, c := range map[string]pages{"proto": {t, c}, "JSON": {t, j}} {
		page, err := c.history()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		check(name+" history", page.GetEvents(), page)
		if page.GetNextPageToken() == "" {
			t.Errorf("%s: no next page", name)
		}
		snapshot, err := c.wait()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := snapshot.GetMessages()[0].GetSnapshot().GetEvents()
		check(name+" snapshot", got, snapshot)
		if got[len(got)-1].GetId() != 37 {
			t.Errorf("%s: the newest event of the snapshot is %d", name, got[len(got)-1].GetId())
		}
	}
}

// pages reads the largest pages there are.
type pages struct {
	t *testing.T
	c taskv1connect.TaskServiceClient
}

func (p pages) history() (*taskv1.GetHistoryResponse, error) {
	return p.c.GetHistory(p.t.Context(), &taskv1.GetHistoryRequest{TaskId: "t", Limit: 1000})
}

func (p pages) wait() (*taskv1.WaitResponse, error) {
	history := int32(1000)
	return p.c.Wait(p.t.Context(), &taskv1.WaitRequest{TaskId: "t", History: &history})
}

// A bound of 1970 is a bound: nothing is older.
func TestBoundsOfTheFirstMoment(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	first := &timestamppb.Timestamp{}
	for name, tt := range map[string]struct {
		filter *taskv1.TaskFilter
		want   int64
	}{
		"created before": {&taskv1.TaskFilter{CreatedBefore: first}, 0},
		"updated before": {&taskv1.TaskFilter{UpdatedBefore: first}, 0},
		"created after":  {&taskv1.TaskFilter{CreatedAfter: first}, 1},
		"updated after":  {&taskv1.TaskFilter{UpdatedAfter: first}, 1},
	} {
		page, err := c.ListAll(t.Context(), &taskv1.ListAllRequest{Filter: tt.filter})
		if err != nil || page.GetCount() != tt.want || len(page.GetTasks()) != int(tt.want) {
			t.Errorf("%s: %d tasks of %d, %v, want %d", name, len(page.GetTasks()), page.GetCount(), err, tt.want)
		}
	}
}
