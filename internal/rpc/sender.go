package rpc

import (
	"context"
	"net/http"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/patience"
)

// A sender sends messages to one follower, and drops it if one is left unread
// for too long. Its methods are for one goroutine; close must be called.
//
// The bound is a write deadline. It may stand only while a message is being
// sent: left standing, it would kill a watch that is merely idle. Setting it
// costs as much as sending, and nearly all messages leave at once; so it is set
// only when a message has been under way for SendQuiet.
type sender struct {
	send func(any) error
	turn *patience.Sender // nil where there are no deadlines
}

// newSender returns a sender for the answer that ctx belongs to.
func (d *desk) newSender(ctx context.Context, send func(any) error) *sender {
	s := &sender{send: send}
	if out, ok := ctx.Value(outletKey{}).(outlet); ok {
		s.turn = d.patience.Join(
			func() { _ = out.SetWriteDeadline(d.now().Add(d.unread)) }, // fails only where there are no deadlines
			func() { _ = out.SetWriteDeadline(time.Time{}) },
		)
	}
	return s
}

func (s *sender) close() {
	if s.turn != nil {
		s.turn.Leave()
	}
}

// message sends one message, nil for the headers alone.
func (s *sender) message(m any) error {
	if s.turn != nil {
		s.turn.Begin()
		defer s.turn.End()
	}
	return s.send(m)
}

// An outlet is the way to the connection of a request, which a handler of
// Connect does not see.
type outlet struct{ *http.ResponseController }

type outletKey struct{}

// withOutlet puts the outlet into the context of requests.
func withOutlet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := outlet{http.NewResponseController(w)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), outletKey{}, out)))
	})
}
