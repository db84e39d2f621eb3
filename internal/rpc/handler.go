package rpc

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// taskHandler serves TaskService. Its errors are those of the floors below; the
// interceptor turns them into Connect's.
type taskHandler struct {
	desk
	svc *taskService
}

type taskService = service.Service[task.Task, task.Event, task.Command]

// Tasks are the calls of TaskService.
func Tasks(svc *taskService) Class {
	return Class{
		service: taskv1.File_spectralnotify_task_v1_task_service_proto.Services().ByName("TaskService"),
		handler: func(d desk, options ...connect.HandlerOption) http.Handler {
			_, handler := taskv1connect.NewTaskServiceHandler(&taskHandler{d, svc}, options...)
			return handler
		},
	}
}

var _ taskv1connect.TaskServiceHandler = (*taskHandler)(nil)

// Create implements TaskService.
func (h *taskHandler) Create(ctx context.Context, req *taskv1.CreateRequest) (*taskv1.CreateResponse, error) {
	cmd, err := fromCreate(req, req.GetTaskId())
	if err != nil {
		return nil, err
	}
	r, err := do(ctx, h.svc, req, cmd)
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
	r, err := do(ctx, h.svc, req, cmd)
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
	r, err := do(ctx, h.svc, req, cmd)
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
	r, err := do(ctx, h.svc, req, cmd)
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
	r, err := do(ctx, h.svc, req, cmd)
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
	r, err := do(ctx, h.svc, req, cmd)
	if err != nil {
		return nil, err
	}
	return &taskv1.CancelResponse{Task: after(r, req.GetView()), Event: toEvent(r.Events[0])}, nil
}

// Delete implements TaskService.
func (h *taskHandler) Delete(ctx context.Context, req *taskv1.DeleteRequest) (*taskv1.DeleteResponse, error) {
	if _, err := do(ctx, h.svc, req, fromDelete(req)); err != nil {
		return nil, err
	}
	return &taskv1.DeleteResponse{}, nil
}

// after returns the task of a result in the view that the caller asked for.
func after(r service.Result[task.Task, task.Event], view taskv1.TaskView) *taskv1.Task {
	return toTaskAfter(r.State, r.Events[len(r.Events)-1].Kind, view)
}
