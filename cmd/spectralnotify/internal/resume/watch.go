// Package resume follows a task or a counter across everything that cuts a stream: a server
// that stops, is killed or restarts, a network that goes away.
//
// It goes on at the cursor of the last message, so that each event is passed on
// exactly once and in order, and checks that it is: an event whose number is not
// one more than the last one's counts as a cut. It knows nothing of terminals.
package resume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// A Message is what a watch of any class sends.
type Message interface {
	proto.Message
	GetCursor() string
	GetSequence() int64
	GetReset_() *taskv1.Reset
	GetRemoved() *taskv1.Removed
	GetEnd() *taskv1.End
}

// A Stream is a watch that was opened. Receive waits for the next message and
// is false at the end; Err then says why, nil if the server closed the stream.
type Stream[M Message] interface {
	Receive() bool
	Msg() M
	Err() error
	Close() error
}

// A Watch follows one object. Its fields are set before Run.
type Watch[M Message] struct {
	// Open opens a stream that goes on after a cursor, "" from the beginning. It
	// returns once a server has answered. Required.
	Open func(ctx context.Context, cursor string) (Stream[M], error)

	// Pause waits before the nth try in a row that brought no news, n from 1.
	// It fails with the context's error. Required.
	Pause func(ctx context.Context, n int) error

	// Silence is how long no message may come, heartbeats included, before the
	// stream counts as cut. 0 is forever.
	Silence time.Duration

	// FirstTries is how often a server that never answered is tried. 0 is
	// without end, as it is once one has answered.
	FirstTries int

	// Cut, if set, is told why a stream was cut, before the pause.
	Cut func(error)

	// trusting leaves the check of event numbers out; only tests set it.
	trusting bool
}

// Failures that end a watch or cut a stream.
var (
	// ErrExpired: the credential has expired.
	ErrExpired = errors.New("the credential has expired")

	errClosed = errors.New("the stream was closed")
	errSilent = errors.New("the server has fallen silent")
	errLeft   = errors.New("the server is stopping")
)

// Run follows the object until its stream ends in order, and calls each for every
// message, in order. It returns nil at that end, the error of each, the
// context's error, or a failure that trying again does not mend.
func (w *Watch[M]) Run(ctx context.Context, each func(M) error) error {
	place := place{}
	for n := 1; ; n++ {
		before := place.cursor
		over, err := w.once(ctx, &place, each)
		if place.cursor != before {
			n = 1
		}
		switch {
		case over:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !place.answered && w.FirstTries > 0 && n >= w.FirstTries:
			return err
		}
		if w.Cut != nil {
			w.Cut(err)
		}
		if err := w.Pause(ctx, n); err != nil {
			return err
		}
	}
}

// once reads one stream to its end. over says that the watch is over, with err;
// otherwise err says why the stream was cut.
func (w *Watch[M]) once(ctx context.Context, place *place, each func(M) error) (over bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alive := w.watchdog(cancel)
	defer alive.Stop()

	stream, err := w.Open(ctx, place.cursor)
	if err != nil {
		return final(err), because(ctx, err)
	}
	defer stream.Close()
	place.answered = true
	for stream.Receive() {
		alive.Reset()
		m := stream.Msg()
		if err := place.take(m); err != nil && !w.trusting {
			return false, err
		}
		if err := each(m); err != nil {
			return true, err
		}
		if end := m.GetEnd(); end != nil {
			return ending(end.GetReason())
		}
	}
	if err := stream.Err(); err != nil {
		return final(err), because(ctx, err)
	}
	return false, because(ctx, errClosed)
}

// ending says what an end means for the watch.
func ending(reason taskv1.EndReason) (over bool, err error) {
	switch reason {
	case taskv1.EndReason_END_REASON_DRAINING:
		return false, errLeft
	case taskv1.EndReason_END_REASON_MAX_AGE:
		return false, errClosed
	case taskv1.EndReason_END_REASON_TOKEN_EXPIRED:
		return true, ErrExpired
	}
	return true, nil
}

// final reports whether trying again cannot help.
func final(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeNotFound, connect.CodeUnauthenticated,
		connect.CodePermissionDenied, connect.CodeFailedPrecondition, connect.CodeUnimplemented:
		return true
	}
	return false
}

// because prefers why the stream was given up to what came of it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// A watchdog gives a stream up after silence.
type watchdog struct {
	timer   *time.Timer
	silence time.Duration
}

func (w *Watch[M]) watchdog(cancel context.CancelCauseFunc) watchdog {
	if w.Silence == 0 {
		return watchdog{}
	}
	return watchdog{time.AfterFunc(w.Silence, func() { cancel(errSilent) }), w.Silence}
}

func (d watchdog) Reset() {
	if d.timer != nil {
		d.timer.Reset(d.silence)
	}
}

func (d watchdog) Stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// A place is where a watch stands.
type place struct {
	cursor   string
	sequence int64 // of the last event; 0 if not known
	answered bool  // a server has answered at least once
}

// kind is the name of what a message says, as the proto files have it.
func kind(m Message) protoreflect.Name {
	r := m.ProtoReflect()
	if said := r.WhichOneof(r.Descriptor().Oneofs().ByName("message")); said != nil {
		return said.Name()
	}
	return ""
}

// take moves to the place after a message, and refuses one that does not follow.
func (p *place) take(m Message) error {
	sequence := m.GetSequence()
	switch kind(m) {
	case "event":
		if p.sequence != 0 && sequence != p.sequence+1 {
			return fmt.Errorf("the server sent event %d after event %d", sequence, p.sequence)
		}
		p.sequence = sequence
	case "snapshot":
		p.sequence = sequence
	case "reset", "removed":
		p.sequence = 0
	}
	if m.GetCursor() != "" {
		p.cursor = m.GetCursor()
	}
	return nil
}
