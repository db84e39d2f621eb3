package ws

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"github.com/coder/websocket"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/patience"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
)

// farewell is how long a peer may take to answer when the socket is closed.
const farewell = time.Second

// A socket is one connection. One goroutine tells it of its object, one listens to
// it; what they share does not change while both run.
type socket struct {
	door       *Door
	class      Class
	conn       *websocket.Conn
	ctx        context.Context // of the connection, which it closes when it ends
	cut        context.CancelFunc
	id         string
	ask        object.Follow
	protocols  []string      // to speak; at most one
	stranger   bool          // as in service.Visit
	introduced chan struct{} // closed by the credential that comes as the first message; nil if none must
	follower   follower
	telling    *patience.Sender // of what the object does
	replying   *patience.Sender // to the peer

	snapshot bool // a snapshot is wanted
	reset    bool // the next snapshot is that of a reset
}

// close ends what prepare began.
func (s *socket) close() {
	if s.follower != nil {
		s.follower.Close()
	}
	s.door.open.Done()
}

// serve runs the socket to its end.
func (s *socket) serve(conn *websocket.Conn) {
	s.conn = conn
	s.ctx, s.cut = context.WithCancel(s.door.ctx)
	context.AfterFunc(s.ctx, func() { _ = conn.CloseNow() })
	s.telling, s.replying = s.door.patience.Join(s.cut, nil), s.door.patience.Join(s.cut, nil)
	defer s.telling.Leave()
	defer s.replying.Leave()
	telling, stop := context.WithCancelCause(s.ctx)
	listened := make(chan struct{})
	go func() {
		defer close(listened)
		s.listen(stop)
	}()
	alive := s.keepAlive()
	err := s.meet(telling)
	if err == nil {
		err = s.tell(telling)
	}
	if telling.Err() != nil { // the peer has left, or listening found a reason to part
		err = context.Cause(telling)
	}
	s.part(err)
	alive.Stop()
	s.cut()
	_ = s.conn.CloseNow()
	<-listened
}

// meet waits for the credential that comes as the first message, where one must,
// and begins to follow.
func (s *socket) meet(ctx context.Context) error {
	if s.introduced == nil {
		return nil
	}
	patience := time.NewTimer(s.door.cfg.AuthTimeout)
	defer patience.Stop()
	select {
	case <-s.introduced:
		return s.follow(ctx)
	case <-patience.C:
		return s.tokenFirst()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell sends what the follower gets, until it ends or fails.
func (s *socket) tell(ctx context.Context) error {
	for {
		text, err := s.follower.text(ctx, s)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if err := s.send(s.telling, text); err != nil {
			return err
		}
	}
}

// send sends one text. A peer that does not take it in time loses the
// connection.
func (s *socket) send(turn *patience.Sender, text []byte) error {
	turn.Begin()
	defer turn.End()
	// A context that can end would cost as much as the rest; cut closes the connection.
	if err := s.conn.Write(context.Background(), websocket.MessageText, text); err != nil {
		return &lostError{err}
	}
	return nil
}

// keepAlive asks the peer for a sign of life now and then, and cuts the
// connection if there is none.
func (s *socket) keepAlive() *time.Timer {
	var timer *time.Timer
	set := make(chan struct{})
	timer = time.AfterFunc(s.door.cfg.PingEvery, func() {
		<-set
		ctx, cancel := context.WithTimeout(s.ctx, s.door.cfg.PingTimeout)
		defer cancel()
		if s.conn.Ping(ctx) != nil {
			s.cut()
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
		s.door.cfg.Log.Debug("a socket was closed", "class", s.class.name, "id", s.id, "cause", err)
		return
	case errors.Is(err, object.ErrDraining):
		s.bye(websocket.StatusServiceRestart, "the server is stopping; connect again with the last cursor")
		return
	}
	e := rpc.Failure(err, s.door.cfg.Log, s.class.procedure, nil)
	code, known := farewells[e.Code()]
	if !known {
		code = websocket.StatusInternalError
	}
	if s.send(s.telling, appendError(nil, e.Message())) == nil {
		s.bye(code, "see the message before")
	}
}

// bye closes the connection by the rules. The one who listens hears the answer.
func (s *socket) bye(code websocket.StatusCode, reason string) {
	late := time.AfterFunc(farewell, s.cut)
	defer late.Stop()
	_ = s.conn.Close(code, reason) // the connection is gone in any case
}
