package rpc

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	counterv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1/counterv1connect"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// counterHandler serves CounterService, as taskHandler serves TaskService.
type counterHandler struct {
	desk
	svc *counterService
}

type counterService = service.Service[counter.Counter, counter.Event, counter.Command]

// Counters are the calls of CounterService.
func Counters(svc *counterService) Class {
	return Class{
		service: counterv1.File_spectralnotify_counter_v1_counter_service_proto.Services().ByName("CounterService"),
		handler: func(d desk, options ...connect.HandlerOption) http.Handler {
			_, handler := counterv1connect.NewCounterServiceHandler(&counterHandler{d, svc}, options...)
			return handler
		},
	}
}

// Create implements CounterService.
func (h *counterHandler) Create(ctx context.Context, req *counterv1.CreateRequest) (*counterv1.CreateResponse, error) {
	c, e, err := h.change(ctx, req, counter.Command{Op: counter.Create, Name: req.GetName(), N: req.GetInitialValue()})
	return &counterv1.CreateResponse{Counter: c, Event: e}, err
}

// Get implements CounterService.
func (h *counterHandler) Get(ctx context.Context, req *counterv1.GetRequest) (*counterv1.GetResponse, error) {
	c, err := h.svc.Get(ctx, req.GetName())
	return &counterv1.GetResponse{Counter: toCounter(c)}, err
}

// Increment implements CounterService.
func (h *counterHandler) Increment(ctx context.Context, req *counterv1.IncrementRequest) (*counterv1.IncrementResponse, error) {
	c, e, err := h.change(ctx, req, counter.Command{Op: counter.Increment, Name: req.GetName(), N: amount(req.Amount), Expected: req.ExpectedSequence})
	return &counterv1.IncrementResponse{Counter: c, Event: e}, err
}

// Decrement implements CounterService.
func (h *counterHandler) Decrement(ctx context.Context, req *counterv1.DecrementRequest) (*counterv1.DecrementResponse, error) {
	c, e, err := h.change(ctx, req, counter.Command{Op: counter.Decrement, Name: req.GetName(), N: amount(req.Amount), Expected: req.ExpectedSequence})
	return &counterv1.DecrementResponse{Counter: c, Event: e}, err
}

// SetValue implements CounterService.
func (h *counterHandler) SetValue(ctx context.Context, req *counterv1.SetValueRequest) (*counterv1.SetValueResponse, error) {
	c, e, err := h.change(ctx, req, counter.Command{Op: counter.Set, Name: req.GetName(), N: req.GetValue(), Expected: req.ExpectedSequence})
	return &counterv1.SetValueResponse{Counter: c, Event: e}, err
}

// Reset implements CounterService.
func (h *counterHandler) Reset(ctx context.Context, req *counterv1.ResetRequest) (*counterv1.ResetResponse, error) {
	c, e, err := h.change(ctx, req, counter.Command{Op: counter.Reset, Name: req.GetName(), Expected: req.ExpectedSequence})
	return &counterv1.ResetResponse{Counter: c, Event: e}, err
}

// Delete implements CounterService.
func (h *counterHandler) Delete(ctx context.Context, req *counterv1.DeleteRequest) (*counterv1.DeleteResponse, error) {
	_, err := do(ctx, h.svc, req, counter.Command{Op: counter.Delete, Name: req.GetName(), Expected: req.ExpectedSequence})
	return &counterv1.DeleteResponse{}, err
}

// GetHistory implements CounterService.
func (h *counterHandler) GetHistory(ctx context.Context, req *counterv1.GetHistoryRequest) (*counterv1.GetHistoryResponse, error) {
	q := service.HistoryQuery{ID: req.GetName(), Limit: orDefault(req.GetLimit()), Token: req.GetPageToken(), After: req.AfterSequence}
	var answer counterv1.GetHistoryResponse
	next, err := h.svc.History(ctx, q, page(&answer.Events, toCounterEvent, sizeOf))
	answer.NextPageToken = next
	return &answer, err
}

// ListAll implements CounterService.
func (h *counterHandler) ListAll(ctx context.Context, req *counterv1.ListAllRequest) (*counterv1.ListAllResponse, error) {
	q := service.ListQuery{
		Filter: journal.Filter{IDPrefix: req.GetNamePrefix(), CreatedBy: req.GetCreatedBy()},
		Token:  req.GetPageToken(), Size: orDefault(req.GetPageSize()),
	}
	var answer counterv1.ListAllResponse
	l, err := h.svc.List(ctx, callerOf(ctx), q, page(&answer.Counters, toCounter, sizeOf))
	answer.NextPageToken, answer.Count, answer.CountIsLowerBound = l.Next, l.Count, l.AtLeast
	return &answer, err
}

// Watch implements CounterService.
func (h *counterHandler) Watch(ctx context.Context, req *counterv1.WatchRequest, stream *connect.ServerStream[counterv1.WatchResponse]) error {
	f, err := h.svc.Follow(ctx, req.GetName(), object.Follow{
		Cursor: req.GetCursor(), History: history(req.History), Forever: true, WaitForCreate: req.GetWaitForCreate(),
	})
	if err != nil {
		return err
	}
	return watch(ctx, &h.desk, stream.Conn().Send, f, toldCounter)
}

// WatchAll implements CounterService.
func (h *counterHandler) WatchAll(ctx context.Context, req *counterv1.WatchAllRequest, stream *connect.ServerStream[counterv1.WatchAllResponse]) error {
	b := bundle[counter.Counter, counter.Event]{
		telling: toldCounter, follow: h.svc.Follow, call: counterv1connect.CounterServiceWatchAllProcedure, idAs: "name", wrap: wrapCounter,
	}
	targets := make([]target, len(req.GetTargets()))
	for i, t := range req.GetTargets() {
		targets[i] = target{t.GetName(), t.GetCursor()}
	}
	return b.watch(ctx, &h.desk, stream.Conn().Send, targets, object.Follow{
		History: history(req.History), Forever: true, WaitForCreate: req.GetWaitForCreate(),
	})
}

func wrapCounter(name string, message proto.Message, failure *taskv1.WatchFailure) proto.Message {
	m, _ := message.(*counterv1.WatchResponse)
	return &counterv1.WatchAllResponse{Name: name, Message: m, Failure: failure}
}

// change makes a call that leaves one event.
func (h *counterHandler) change(ctx context.Context, req proto.Message, cmd counter.Command) (*counterv1.Counter, *counterv1.Event, error) {
	r, err := do(ctx, h.svc, req, cmd)
	if err != nil {
		return nil, nil, err
	}
	return toCounter(r.State), toCounterEvent(r.Events[0]), nil
}

// amount is by how much to count; 1 if the caller does not say.
func amount(n *int64) int64 {
	if n == nil {
		return 1
	}
	return *n
}

func toCounter(c counter.Counter) *counterv1.Counter {
	return &counterv1.Counter{
		Name: c.Name, Value: c.Value, InitialValue: c.Initial, OperationCount: c.Operations(), Sequence: c.Sequence,
		CreatedAt: toTime(c.CreatedAt), UpdatedAt: toTime(c.UpdatedAt), CreatedBy: c.CreatedBy,
	}
}

func toCounterEvent(e counter.Event) *counterv1.Event {
	return &counterv1.Event{
		Id: e.Sequence, Kind: e.Kind, Value: e.Value, PreviousValue: e.Previous, Timestamp: toTime(e.Time), Actor: e.Actor,
	}
}

// toldCounter tells of counters.
var toldCounter = telling[counter.Counter, counter.Event]{to: toCounterWatch}

// toCounterWatch returns a follower's message as the API shows it. All the events
// that a snapshot may ask for fit into it.
func toCounterWatch(m *object.Message[counter.Counter, counter.Event], _ taskv1.TaskView) proto.Message {
	out := &counterv1.WatchResponse{Cursor: m.Cursor, Sequence: m.Sequence}
	switch m.Kind {
	case object.Snapshot:
		s := &counterv1.Snapshot{Counter: toCounter(m.State), HistoryUnavailable: m.HistoryUnavailable}
		for _, e := range m.Events {
			s.Events = append(s.Events, toCounterEvent(e))
		}
		out.Message = &counterv1.WatchResponse_Snapshot{Snapshot: s}
	case object.Event:
		out.Message = &counterv1.WatchResponse_Event{Event: &counterv1.CounterEvent{
			Event: toCounterEvent(m.Events[0]), Counter: toCounter(m.State),
		}}
	default:
		remark(out, m.Kind, m.Reason)
	}
	return out
}
