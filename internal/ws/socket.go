package ws

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"github.com/coder/websocket"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A socket is one connection. One goroutine tells it of its task, one listens to
// it; what they share does not change while both run.
type socket struct {
	door      *Door
	conn      *websocket.Conn
	id        string
	ask       object.Follow
	protocols []string // to speak; at most one
	stranger  bool     // as in service.Visit
	owesToken bool     // the credential comes as the first message
	follower  *service.Follower

	snapshot bool // a snapshot is wanted
	reset    bool // the next snapshot is the task of a reset
}

// close ends what prepare began.
func (s *socket) close() {
	if s.follower != nil {
		s.follower.Close()
	}
	s.door.open.Done()
}

// serve runs the socket to its end.
func (s *socket) serve() {
	ctx, cancel := context.WithCancel(s.door.ctx)
	defer cancel()
	defer func() { _ = s.conn.CloseNow() }()
	if s.owesToken {
		if err := s.authenticate(ctx); err != nil {
			s.part(err)
			return
		}
	}
	alive := s.keepAlive(ctx, cancel)
	defer alive.Stop()
	heard := make(chan error, 1)
	go func() {
		defer cancel()
		heard <- s.listen(ctx)
	}()
	err := s.tell(ctx)
	if ctx.Err() != nil { // the peer has left, or listening found a reason to part
		s.part(<-heard)
		return
	}
	s.part(err)
	_ = s.conn.CloseNow()
	<-heard
}

// tell sends what the follower gets, until it ends or fails.
func (s *socket) tell(ctx context.Context) error {
	for {
		m, err := s.follower.Next(ctx, 0)
		if err != nil {
			return err
		}
		if m.Kind == object.End {
			return object.ErrDraining // nothing else ends a follower that waits forever
		}
		text, err := s.message(m)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if err := s.send(ctx, text); err != nil {
			return err
		}
	}
}

// send sends one text. A peer that does not take it in time loses the
// connection.
func (s *socket) send(ctx context.Context, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.door.cfg.SendTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, text); err != nil {
		return &lostError{err}
	}
	return nil
}

// keepAlive asks the peer for a sign of life now and then, and gives it up if
// there is none.
func (s *socket) keepAlive(ctx context.Context, giveUp context.CancelFunc) *time.Timer {
	var timer *time.Timer
	set := make(chan struct{})
	timer = time.AfterFunc(s.door.cfg.PingEvery, func() {
		<-set
		ctx, cancel := context.WithTimeout(ctx, s.door.cfg.PingTimeout)
		defer cancel()
		if s.conn.Ping(ctx) != nil {
			giveUp()
			return
		}
		timer.Reset(s.door.cfg.PingEvery)
	})
	close(set)
	return timer
}

// lostError: the connection is gone, so that nobody can be told anything.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// farewells are the close codes of failures; all others are internal errors,
// which a peer may try again after.
var farewells = map[connect.Code]websocket.StatusCode{
	connect.CodeUnauthenticated:   websocket.StatusPolicyViolation,
	connect.CodePermissionDenied:  websocket.StatusPolicyViolation,
	connect.CodeInvalidArgument:   websocket.StatusPolicyViolation,
	connect.CodeResourceExhausted: websocket.StatusTryAgainLater,
}

// part says why the socket closes, and closes it.
func (s *socket) part(err error) {
	var lost *lostError
	switch {
	case errors.As(err, &lost), errors.Is(err, context.Canceled):
		s.door.cfg.Log.Debug("a socket was closed", "task", s.id, "cause", err)
		return
	case errors.Is(err, object.ErrDraining):
		_ = s.conn.Close(websocket.StatusServiceRestart, "the server is stopping; connect again with the last cursor")
		return
	}
	e := rpc.Failure(err, s.door.cfg.Log, procedure, nil)
	code, known := farewells[e.Code()]
	if !known {
		code = websocket.StatusInternalError
	}
	if s.send(s.door.ctx, appendError(nil, e.Message())) == nil {
		_ = s.conn.Close(code, "see the message before")
	}
}
