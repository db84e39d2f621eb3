package rpc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protowire"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/canonical"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// WatchAll implements TaskService.
func (h *taskHandler) WatchAll(ctx context.Context, req *taskv1.WatchAllRequest, stream *connect.ServerStream[taskv1.WatchAllResponse]) error {
	ctx, cancel := context.WithCancel(ctx)
	b := &bundle{news: make(chan newsOf), log: h.log}
	defer b.close(cancel)
	for _, target := range req.GetTargets() {
		if err := b.add(ctx, h.svc, req, target); err != nil {
			return err
		}
	}
	go b.closeWhenDone()
	s := newSender(ctx, stream.Conn().Send, h.now, h.patience)
	if err := s.message(nil); err != nil { // the headers now, as in Watch
		return err
	}
	return b.sendAll(ctx, s, req.GetView(), h.heartbeat)
}

// A bundle is the followers of one WatchAll. Each has a goroutine, which waits
// until its message was taken: nothing is buffered for a slow client.
type bundle struct {
	news    chan newsOf // closed when every follower has ended
	running sync.WaitGroup
	log     *slog.Logger
}

// newsOf is a message about one task, or why there will be no more.
type newsOf struct {
	id      string
	message *service.Message
	err     error
}

// add begins to follow one target. A task that does not exist is told as
// removed, any other failure of its own as that.
func (b *bundle) add(ctx context.Context, svc *service.Service, req *taskv1.WatchAllRequest, target *taskv1.WatchTarget) error {
	f, err := svc.Follow(ctx, target.GetTaskId(), object.Follow{
		Cursor: target.GetCursor(), History: history(req.History),
		Forever: req.GetFollow() == taskv1.WatchFollow_WATCH_FOLLOW_FOREVER, WaitForCreate: req.GetWaitForCreate(),
	})
	if errors.Is(err, rule.ErrNotFound) {
		b.running.Go(func() { b.absent(ctx, target) })
		return nil
	}
	if ofAll(ctx, err) {
		return err
	}
	if err != nil {
		b.running.Go(func() { b.tell(ctx, newsOf{id: target.GetTaskId(), err: err}) })
		return nil
	}
	b.running.Go(func() {
		defer f.Close()
		b.follow(ctx, target.GetTaskId(), f)
	})
	return nil
}

// ofAll reports whether an error is none of a single task: the server stops, or
// the caller has left.
func ofAll(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, object.ErrDraining))
}

// absent tells that a task does not exist.
func (b *bundle) absent(ctx context.Context, target *taskv1.WatchTarget) {
	for _, m := range []service.Message{
		{Kind: object.Removed, Reason: object.Deleted, Cursor: target.GetCursor()},
		{Kind: object.End, Reason: object.Finished, Cursor: target.GetCursor()},
	} {
		if !b.tell(ctx, newsOf{id: target.GetTaskId(), message: &m}) {
			return
		}
	}
}

func (b *bundle) follow(ctx context.Context, id string, f *service.Follower) {
	for {
		m, err := f.Next(ctx, 0)
		if errors.Is(err, io.EOF) || !b.tell(ctx, newsOf{id, m, err}) || err != nil {
			return
		}
	}
}

// tell hands news to the one who sends; false if he is gone.
func (b *bundle) tell(ctx context.Context, n newsOf) bool {
	select {
	case b.news <- n:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *bundle) closeWhenDone() {
	b.running.Wait()
	close(b.news)
}

// close ends the followers and waits for them.
func (b *bundle) close(cancel context.CancelFunc) {
	cancel()
	b.running.Wait()
}

// sendAll sends news until every follower has ended, and heartbeats when there
// is none.
func (b *bundle) sendAll(ctx context.Context, s *sender, view taskv1.TaskView, heartbeat time.Duration) error {
	silence := time.NewTimer(heartbeat)
	defer silence.Stop()
	for {
		silence.Reset(heartbeat)
		select {
		case n, more := <-b.news:
			if !more {
				return nil
			}
			if ofAll(ctx, n.err) {
				return n.err
			}
			if err := s.message(n.toWatchAll(view, b.log)); err != nil {
				return err
			}
		case <-silence.C:
			beat := &taskv1.WatchResponse{Message: &taskv1.WatchResponse_Heartbeat{Heartbeat: &taskv1.Heartbeat{}}}
			if err := s.message(&taskv1.WatchAllResponse{Message: beat}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// toWatchAll returns the message as it is sent.
func (n newsOf) toWatchAll(view taskv1.TaskView, log *slog.Logger) any {
	if n.err != nil {
		e := Failure(n.err, log, taskv1connect.TaskServiceWatchAllProcedure, nil)
		return &taskv1.WatchAllResponse{TaskId: n.id, Failure: &taskv1.WatchFailure{
			Code: int32(e.Code()), Reason: reasonOf(e), Message: e.Message(),
		}}
	}
	if n.message.Encoded != nil {
		return sharedOf{shared{n.message, view}, n.id}
	}
	return &taskv1.WatchAllResponse{TaskId: n.id, Message: toWatch(n.message, view)}
}

// sharedOf is a shared message about one of several tasks: what is shared is
// encoded once, the task's id is put around it for each follower.
type sharedOf struct {
	shared
	id string
}

// The field numbers of WatchAllResponse.
const (
	watchAllID      = 1
	watchAllMessage = 2
)

func (s sharedOf) appendBinary(dst, message []byte) []byte {
	dst = protowire.AppendTag(dst, watchAllID, protowire.BytesType)
	dst = protowire.AppendString(dst, s.id)
	dst = protowire.AppendTag(dst, watchAllMessage, protowire.BytesType)
	return protowire.AppendBytes(dst, message)
}

func (s sharedOf) appendJSON(dst, message []byte) []byte {
	dst = canonical.AppendString(append(dst, `{"taskId":`...), s.id)
	dst = append(append(dst, `,"message":`...), message...)
	return append(dst, '}')
}
