package rpc

import (
	"context"
	"errors"
	"io"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// defaultHistory is how many events a snapshot carries if the caller does not
// say.
const defaultHistory = 10

// Watch implements TaskService.
func (h *taskHandler) Watch(ctx context.Context, req *taskv1.WatchRequest, stream *connect.ServerStream[taskv1.WatchResponse]) error {
	f, err := h.svc.Follow(ctx, req.GetTaskId(), object.Follow{
		Cursor: req.GetCursor(), History: history(req.History),
		Forever: req.GetFollow() == taskv1.WatchFollow_WATCH_FOLLOW_FOREVER, WaitForCreate: req.GetWaitForCreate(),
	})
	if err != nil {
		return err
	}
	return watch(ctx, &h.desk, stream.Conn().Send, f, toldTask(req.GetView()))
}

// WatchAll implements TaskService.
func (h *taskHandler) WatchAll(ctx context.Context, req *taskv1.WatchAllRequest, stream *connect.ServerStream[taskv1.WatchAllResponse]) error {
	b := bundle[task.Task, task.Event]{
		telling: toldTask(req.GetView()), follow: h.svc.Follow, call: taskv1connect.TaskServiceWatchAllProcedure,
		idAs: "taskId", wrap: wrapTask,
	}
	targets := make([]target, len(req.GetTargets()))
	for i, t := range req.GetTargets() {
		targets[i] = target{t.GetTaskId(), t.GetCursor()}
	}
	return b.watch(ctx, &h.desk, stream.Conn().Send, targets, object.Follow{
		History: history(req.History),
		Forever: req.GetFollow() == taskv1.WatchFollow_WATCH_FOLLOW_FOREVER, WaitForCreate: req.GetWaitForCreate(),
	})
}

func wrapTask(id string, message proto.Message, failure *taskv1.WatchFailure) proto.Message {
	m, _ := message.(*taskv1.WatchResponse)
	return &taskv1.WatchAllResponse{TaskId: id, Message: m, Failure: failure}
}

func history(n *int32) int {
	if n == nil {
		return defaultHistory
	}
	return int(*n)
}

// The bounds of a Wait.
const (
	defaultWait     = 30 * time.Second
	maxWaitMessages = 1000
	waitMargin      = 250 * time.Millisecond // an answer leaves so much before the call's deadline
)

// Wait implements TaskService.
func (h *taskHandler) Wait(ctx context.Context, req *taskv1.WaitRequest) (*taskv1.WaitResponse, error) {
	f, err := h.svc.Follow(ctx, req.GetTaskId(), object.Follow{
		Cursor: req.GetCursor(), History: history(req.History), WaitForCreate: req.GetWaitForCreate(),
	})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	waiting, cancel := context.WithTimeout(ctx, h.waitTime(ctx, req))
	defer cancel()
	w := wait{req: req, answer: taskv1.WaitResponse{Cursor: req.GetCursor()}}
	for {
		until := waiting
		if !w.current && !req.GetWaitForCreate() {
			until = ctx // what is there already is told even if there is no time to wait
		}
		m, err := f.Next(until, 0)
		switch {
		case errors.Is(err, io.EOF):
			return &w.answer, nil
		case err != nil && waiting.Err() != nil && ctx.Err() == nil:
			w.answer.TimedOut = true
			return &w.answer, nil
		case err != nil:
			return nil, err
		case w.take(m):
			return &w.answer, nil
		}
	}
}

// waitTime is how long to wait: what the request says, but not beyond the call's
// own deadline.
func (h *taskHandler) waitTime(ctx context.Context, req *taskv1.WaitRequest) time.Duration {
	d := defaultWait
	if t := req.GetTimeout(); t != nil {
		d = t.AsDuration()
	}
	if deadline, ok := ctx.Deadline(); ok {
		d = min(d, deadline.Sub(h.now())-waitMargin)
	}
	return max(d, 0)
}

// A wait collects the answer of one Wait.
type wait struct {
	req     *taskv1.WaitRequest
	answer  taskv1.WaitResponse
	size    budget
	current bool // all that was there at the start has come
}

// take adds a message and reports whether the answer is complete. A message that
// does not fit is left to the next call.
func (w *wait) take(m *taskMessage) (done bool) {
	if m.Kind == object.Current {
		w.current = true
		w.answer.Cursor = m.Cursor
		return w.changed()
	}
	out := toWatch(m, w.req.GetView())
	if !w.size.take(watchSize(m, out)) {
		return true
	}
	w.answer.Messages = append(w.answer.Messages, out)
	w.answer.Cursor = m.Cursor
	return m.Kind == object.End || len(w.answer.Messages) == maxWaitMessages || w.current && w.changed()
}

// changed reports whether there is news for a caller who waits for any.
func (w *wait) changed() bool {
	return w.req.GetUntil() != taskv1.WaitUntil_WAIT_UNTIL_TERMINAL && len(w.answer.Messages) > 0
}
