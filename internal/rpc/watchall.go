package rpc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/canonical"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A bundle is the followers of one WatchAll. Each has a goroutine, which waits
// until its message was taken: nothing is buffered for a slow client.
type bundle[S, E any] struct {
	telling[S, E]

	// wrap returns the message of the class's WatchAll: of one object, with what a
	// watch of it would have sent, or with why it is watched no further.
	wrap func(id string, message proto.Message, failure *taskv1.WatchFailure) proto.Message
	idAs string // the JSON name of the id in that message

	follow  func(ctx context.Context, id string, f object.Follow) (*service.Follower[S, E], error)
	call    string // the full name of the class's WatchAll
	log     *slog.Logger
	news    chan newsOf[S, E] // closed when every follower has ended
	running sync.WaitGroup
}

// newsOf is a message about one object, or why there will be no more.
type newsOf[S, E any] struct {
	id      string
	message *object.Message[S, E]
	err     error
}

// watch follows objects, each from its cursor and otherwise as ask says, and sends
// what they get until all have ended.
func (b *bundle[S, E]) watch(ctx context.Context, d *desk, send func(any) error, targets []target, ask object.Follow) error {
	ctx, cancel := context.WithCancel(ctx)
	b.news, b.log = make(chan newsOf[S, E]), d.log
	defer b.close(cancel)
	for _, t := range targets {
		ask.Cursor = t.cursor
		if err := b.add(ctx, t.id, ask); err != nil {
			return err
		}
	}
	go b.closeWhenDone()
	s := d.newSender(ctx, send)
	defer s.close()
	if err := s.message(nil); err != nil { // the headers now, as in watch
		return err
	}
	return b.sendAll(ctx, s, d.heartbeat)
}

// A target is one object of a WatchAll.
type target struct{ id, cursor string }

// add begins to follow one target. An object that does not exist is told as
// removed, any other failure of its own as that.
func (b *bundle[S, E]) add(ctx context.Context, id string, ask object.Follow) error {
	f, err := b.follow(ctx, id, ask)
	if errors.Is(err, rule.ErrNotFound) {
		b.running.Go(func() { b.absent(ctx, id, ask.Cursor) })
		return nil
	}
	if ofAll(ctx, err) {
		return err
	}
	if err != nil {
		b.running.Go(func() { b.tell(ctx, newsOf[S, E]{id: id, err: err}) })
		return nil
	}
	b.running.Go(func() {
		defer f.Close()
		b.pass(ctx, id, f)
	})
	return nil
}

// ofAll reports whether an error is none of a single object: the server stops, or
// the caller has left.
func ofAll(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, object.ErrDraining))
}

// absent tells that an object does not exist.
func (b *bundle[S, E]) absent(ctx context.Context, id, cursor string) {
	for _, m := range []object.Message[S, E]{
		{Kind: object.Removed, Reason: object.Deleted, Cursor: cursor},
		{Kind: object.End, Reason: object.Finished, Cursor: cursor},
	} {
		if !b.tell(ctx, newsOf[S, E]{id: id, message: &m}) {
			return
		}
	}
}

// pass tells what a follower gets.
func (b *bundle[S, E]) pass(ctx context.Context, id string, f *service.Follower[S, E]) {
	for {
		m, err := f.Next(ctx, 0)
		if errors.Is(err, io.EOF) || !b.tell(ctx, newsOf[S, E]{id, m, err}) || err != nil {
			return
		}
	}
}

// tell hands news to the one who sends; false if he is gone.
func (b *bundle[S, E]) tell(ctx context.Context, n newsOf[S, E]) bool {
	select {
	case b.news <- n:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *bundle[S, E]) closeWhenDone() {
	b.running.Wait()
	close(b.news)
}

// close ends the followers and waits for them.
func (b *bundle[S, E]) close(cancel context.CancelFunc) {
	cancel()
	b.running.Wait()
}

// sendAll sends news until every follower has ended, and heartbeats when there
// is none.
func (b *bundle[S, E]) sendAll(ctx context.Context, s *sender, heartbeat time.Duration) error {
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
			if err := s.message(b.message(n)); err != nil {
				return err
			}
		case <-silence.C:
			beat := b.to(&object.Message[S, E]{Kind: object.Heartbeat}, b.view)
			if err := s.message(b.wrap("", beat, nil)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// message returns news as they are sent.
func (b *bundle[S, E]) message(n newsOf[S, E]) any {
	if n.err != nil {
		e := Failure(n.err, b.log, b.call, nil)
		return b.wrap(n.id, nil, &taskv1.WatchFailure{Code: int32(e.Code()), Reason: reasonOf(e), Message: e.Message()})
	}
	if n.message.Encoded != nil {
		return sharedOf{shared[S, E]{n.message, b.telling}, n.id, b.idAs}
	}
	return b.wrap(n.id, b.to(n.message, b.view), nil)
}

// sharedOf is a shared message about one of several objects: what is shared is
// encoded once, the object's id is put around it for each follower.
type sharedOf struct {
	encodable
	id   string
	idAs string
}

// The field numbers of the WatchAllResponse of each class.
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
	dst = append(append(append(dst, `{"`...), s.idAs...), `":`...)
	dst = canonical.AppendString(dst, s.id)
	dst = append(append(dst, `,"message":`...), message...)
	return append(dst, '}')
}
