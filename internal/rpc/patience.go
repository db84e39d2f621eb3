package rpc

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A patience says how long a follower may leave a message unread.
type patience struct {
	total time.Duration // after this the follower is dropped
	quiet time.Duration // over HTTP/2: for this long nothing is done about it
}

// A sender sends messages to one follower, and drops it if one is left unread
// for too long. Its methods are for one goroutine.
//
// The bound is a write deadline. It may stand only while a message is being
// sent: left standing, it would kill a watch that is merely idle. Over HTTP/1.1
// it is set around each message, which costs little. Over HTTP/2 setting it
// costs more than sending, and nearly all messages leave at once; so one timer
// per follower waits for the quiet part, and only then sets the deadline.
type sender struct {
	send     func(any) error
	deadline func(time.Time) // the zero time lifts it
	now      func() time.Time
	patience patience
	watchdog *time.Timer // nil over HTTP/1.1

	mu      sync.Mutex
	sending bool // a message is under way
	armed   bool // the deadline stands
}

// newSender returns a sender for the answer that ctx belongs to.
func newSender(ctx context.Context, send func(any) error, now func() time.Time, p patience) *sender {
	s := &sender{send: send, now: now, patience: p, deadline: func(time.Time) {}}
	out, ok := ctx.Value(outletKey{}).(outlet)
	if !ok {
		return s
	}
	s.deadline = func(t time.Time) {
		_ = out.controller.SetWriteDeadline(t) // fails only where there are no deadlines
	}
	if out.http2 {
		s.watchdog = time.AfterFunc(time.Hour, s.impatient)
		s.watchdog.Stop()
	}
	return s
}

// message sends one message, nil for the headers alone.
func (s *sender) message(m any) error {
	s.begin()
	err := s.send(m)
	s.end(err)
	return err
}

func (s *sender) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = true
	if s.watchdog == nil {
		s.arm(s.patience.total)
		return
	}
	s.watchdog.Reset(s.patience.quiet)
}

// impatient runs when a message has been under way for the quiet part.
func (s *sender) impatient() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending {
		s.arm(s.patience.total - s.patience.quiet)
	}
}

// arm sets the deadline. The caller holds mu.
func (s *sender) arm(d time.Duration) {
	s.deadline(s.now().Add(d))
	s.armed = true
}

// end lifts the deadline if it stands; after a failure there is nothing left to
// save, and the stream may be gone.
func (s *sender) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = false
	if s.watchdog != nil {
		s.watchdog.Stop()
	}
	if s.armed && err == nil {
		s.deadline(time.Time{})
	}
	s.armed = false
}

// An outlet is the way to the connection of a request, which a handler of
// Connect does not see.
type outlet struct {
	controller *http.ResponseController
	http2      bool
}

type outletKey struct{}

// withOutlet puts the outlet into the context of requests.
func withOutlet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := outlet{http.NewResponseController(w), r.ProtoMajor == 2}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), outletKey{}, out)))
	})
}
