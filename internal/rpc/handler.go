package rpc

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// taskHandler serves TaskService. Its errors are those of the floors below; the
// interceptor turns them into Connect's.
type taskHandler struct {
	svc       *service.Service
	log       *slog.Logger
	now       func() time.Time
	heartbeat time.Duration // silence after which a watch sends one
	patience  patience
}

var _ taskv1connect.TaskServiceHandler = (*taskHandler)(nil)

// Create implements TaskService.
func (h *taskHandler) Create(ctx context.Context, req *taskv1.CreateRequest) (*taskv1.CreateResponse, error) {
	cmd, err := fromCreate(req, req.GetTaskId())
	if err != nil {
		return nil, err
	}
	r, err := h.do(ctx, req, cmd)
	if err != nil {
		return nil, err
	}
	return &taskv1.CreateResponse{Task: after(r, 0), Event: toEvent(r.Events[0])}, nil
}

// AddEvent implements TaskService.
func (h *taskHandler) AddEvent(ctx context.Context, req *taskv1.AddEventRequest) (*taskv1.AddEventResponse, error) {
	cmd, err := fromAddEvent(req)
	if err != nil {
		return nil, err
	}
	r, err := h.do(ctx, req, cmd)
	if err != nil {
		return nil, err
	}
	if req.GetEvent() != nil {
		return &taskv1.AddEventResponse{Task: after(r, req.GetView()), Event: toEvent(r.Events[0])}, nil
	}
	return &taskv1.AddEventResponse{Task: after(r, req.GetView()), Events: toEvents(r.Events)}, nil
}

// UpdateProgress implements TaskService.
func (h *taskHandler) UpdateProgress(ctx context.Context, req *taskv1.UpdateProgressRequest) (*taskv1.UpdateProgressResponse, error) {
	cmd, err := fromUpdateProgress(req)
	if err != nil {
		return nil, err
	}
	r, err := h.do(ctx, req, cmd)
	if err != nil {
		return nil, err
	}
	return &taskv1.UpdateProgressResponse{Task: after(r, req.GetView()), Event: toEvent(r.Events[0])}, nil
}

// Complete implements TaskService.
func (h *taskHandler) Complete(ctx context.Context, req *taskv1.CompleteRequest) (*taskv1.CompleteResponse, error) {
	cmd, err := fromComplete(req)
	if err != nil {
		return nil, err
	}
	r, err := h.do(ctx, req, cmd)
	if err != nil {
		return nil, err
	}
	return &taskv1.CompleteResponse{Task: after(r, req.GetView()), Event: toEvent(r.Events[0])}, nil
}

// Fail implements TaskService.
func (h *taskHandler) Fail(ctx context.Context, req *taskv1.FailRequest) (*taskv1.FailResponse, error) {
	cmd, err := fromFail(req)
	if err != nil {
		return nil, err
	}
	r, err := h.do(ctx, req, cmd)
	if err != nil {
		return nil, err
	}
	return &taskv1.FailResponse{Task: after(r, req.GetView()), Event: toEvent(r.Events[0])}, nil
}

// Cancel implements TaskService.
func (h *taskHandler) Cancel(ctx context.Context, req *taskv1.CancelRequest) (*taskv1.CancelResponse, error) {
	cmd, err := fromCancel(req)
	if err != nil {
		return nil, err
	}
	r, err := h.do(ctx, req, cmd)
	if err != nil {
		return nil, err
	}
	return &taskv1.CancelResponse{Task: after(r, req.GetView()), Event: toEvent(r.Events[0])}, nil
}

// Delete implements TaskService.
func (h *taskHandler) Delete(ctx context.Context, req *taskv1.DeleteRequest) (*taskv1.DeleteResponse, error) {
	if _, err := h.do(ctx, req, fromDelete(req)); err != nil {
		return nil, err
	}
	return &taskv1.DeleteResponse{}, nil
}

// do makes the call that a request asks for, once if it carries a key.
func (h *taskHandler) do(ctx context.Context, req proto.Message, cmd task.Command) (service.Result, error) {
	info, _ := connect.CallInfoForHandlerContext(ctx)
	once, err := onceOf(info, req)
	if err != nil {
		return service.Result{}, err
	}
	r, err := h.svc.Do(ctx, callerOf(ctx), cmd, once)
	if r.Replayed {
		info.ResponseHeader().Set(replayedHeader, "true")
	}
	return r, err
}

// after returns the task of a result in the view that the caller asked for.
func after(r service.Result, view taskv1.TaskView) *taskv1.Task {
	return toTaskAfter(r.Task, r.Events[len(r.Events)-1].Kind, view)
}

// The headers of calls that happen at most once.
const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
)

// onceOf returns the idempotency key that a call carries, nil for none.
func onceOf(info connect.CallInfo, req proto.Message) (*service.Once, error) {
	key := info.RequestHeader().Get(keyHeader)
	if key == "" && len(info.RequestHeader().Values(keyHeader)) == 0 {
		return nil, nil
	}
	if key == "" || len(key) > 128 || !auth.Printable(key) {
		return nil, rule.Invalid(keyHeader, "must be 1 to 128 printable ASCII characters")
	}
	canonical, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return nil, err
	}
	return &service.Once{Method: info.Spec().Procedure, Key: key, Request: sha256.Sum256(canonical)}, nil
}
