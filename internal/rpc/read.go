package rpc

import (
	"context"

	"google.golang.org/protobuf/proto"

	"google.golang.org/protobuf/types/known/timestamppb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// defaultPage is the size of a page if the caller does not say.
const defaultPage = 50

// GetById implements TaskService.
func (h *taskHandler) GetById(ctx context.Context, req *taskv1.GetByIdRequest) (*taskv1.GetByIdResponse, error) {
	t, err := h.svc.Get(ctx, req.GetTaskId())
	if err != nil {
		return nil, err
	}
	return &taskv1.GetByIdResponse{Task: toTask(t, orFull(req.GetView()))}, nil
}

// GetHistory implements TaskService.
func (h *taskHandler) GetHistory(ctx context.Context, req *taskv1.GetHistoryRequest) (*taskv1.GetHistoryResponse, error) {
	q := service.HistoryQuery{ID: req.GetTaskId(), Limit: orDefault(req.GetLimit()), Token: req.GetPageToken(), After: req.AfterSequence}
	var answer taskv1.GetHistoryResponse
	next, err := h.svc.History(ctx, q, page(&answer.Events, toEvent, eventSize))
	answer.NextPageToken = next
	return &answer, err
}

// ListAll implements TaskService.
func (h *taskHandler) ListAll(ctx context.Context, req *taskv1.ListAllRequest) (*taskv1.ListAllResponse, error) {
	q := service.ListQuery{
		Filter: fromFilter(req.GetFilter()), Order: fromOrder(req.GetOrder()), Token: req.GetPageToken(),
		Size: orDefault(req.GetPageSize()), Full: req.GetView() == taskv1.TaskView_TASK_VIEW_FULL,
	}
	var answer taskv1.ListAllResponse
	shown := func(t task.Task) *taskv1.Task { return toTask(t, req.GetView()) }
	l, err := h.svc.List(ctx, callerOf(ctx), q, page(&answer.Tasks, shown, taskSize))
	answer.NextPageToken, answer.Count, answer.CountIsLowerBound = l.Next, l.Count, l.AtLeast
	return &answer, err
}

// Stats implements TaskService.
func (h *taskHandler) Stats(ctx context.Context, _ *taskv1.StatsRequest) (*taskv1.StatsResponse, error) {
	tallies, err := h.svc.Stats(ctx, callerOf(ctx), int(task.Canceled))
	if err != nil {
		return nil, err
	}
	var answer taskv1.StatsResponse
	for _, t := range tallies {
		answer.Counts = append(answer.Counts, &taskv1.StatusCount{Status: toStatus(task.Status(t.Status)), Count: t.Count})
		answer.Total += t.Count
	}
	return &answer, nil
}

func fromFilter(f *taskv1.TaskFilter) journal.Filter {
	out := journal.Filter{
		IDPrefix: f.GetTaskIdPrefix(), CreatedBy: f.GetCreatedBy(), Tags: f.GetTags(), Type: f.GetType(),
		CreatedAfter: fromBound(f.GetCreatedAfter()), CreatedBefore: fromBound(f.GetCreatedBefore()),
		UpdatedAfter: fromBound(f.GetUpdatedAfter()), UpdatedBefore: fromBound(f.GetUpdatedBefore()),
	}
	for _, s := range f.GetStatuses() {
		out.Statuses = append(out.Statuses, int(s))
	}
	return out
}

// fromBound returns a bound that a caller sent, 0 if he sent none. That of 1970
// is not 0 but the moment before, which divides tasks in the same way.
func fromBound(t *timestamppb.Timestamp) int64 {
	if t != nil && fromTime(t) == 0 {
		return -1
	}
	return fromTime(t)
}

func fromOrder(o taskv1.ListOrder) journal.Order {
	if o == taskv1.ListOrder_LIST_ORDER_UPDATED {
		return journal.ByUpdated
	}
	return journal.ByCreated
}

func orDefault(n int32) int {
	if n == 0 {
		return defaultPage
	}
	return int(n)
}

func orFull(v taskv1.TaskView) taskv1.TaskView {
	if v == taskv1.TaskView_TASK_VIEW_UNSPECIFIED {
		return taskv1.TaskView_TASK_VIEW_FULL
	}
	return v
}

// maxAnswer is where an answer with many parts ends, in bytes; it stays below
// what one message may have, maxSend, in either encoding.
const (
	maxAnswer = 3 << 20
	maxSend   = 4 << 20
)

// A budget adds up the parts of one answer.
type budget struct{ used int }

// take reports whether a part still fits; the first one always does.
func (b *budget) take(size int) bool {
	if b.used > 0 && b.used+size > maxAnswer {
		return false
	}
	b.used += size
	return true
}

// page returns a function that adds what is handed to it to a page, until that is
// full; then it refuses.
func page[T, M any](to *[]M, shown func(T) M, size func(T, M) int) func(T) bool {
	var used budget
	return func(v T) bool {
		m := shown(v)
		if !used.take(size(v, m)) {
			return false
		}
		*to = append(*to, m)
		return true
	}
}

// overhead is more than the JSON of an event or a task takes besides its texts,
// and the tags and type of a task.
const overhead = 1024

// sizeOf bounds how large a part with short texts only is, in JSON and in protobuf.
func sizeOf[T any, M proto.Message](_ T, m M) int { return overhead + 6*proto.Size(m) }

// eventSize bounds how large an event is, in JSON and in protobuf.
func eventSize(e task.Event, m *taskv1.Event) int {
	return max(proto.Size(m), overhead+escaped(e.Message)+escaped(e.Metadata)+escaped(e.Actor))
}

// taskSize bounds how large a task is, in JSON and in protobuf.
func taskSize(t task.Task, m *taskv1.Task) int {
	size := overhead + escaped(t.ID) + escaped(t.Type) + escaped(t.CreatedBy) + escaped(t.Error)
	for _, tag := range t.Tags {
		size += escaped(tag) + 3
	}
	if m.GetMetadata() != nil {
		size += escaped(t.Metadata)
	}
	if m.GetResult() != nil {
		size += escaped(t.Result)
	}
	return max(proto.Size(m), size)
}

// escaped bounds the length of s in JSON, where some characters take up to six.
func escaped(s string) int {
	n := len(s)
	for _, c := range []byte(s) {
		switch {
		case c < ' ' || c == 0x7f:
			n += 5
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}
