package rpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A telling is how one follower is told of objects of a class.
type telling[S, E any] struct {
	to   func(*object.Message[S, E], taskv1.TaskView) proto.Message
	view taskv1.TaskView // that he asked for; classes without views have the zero value
}

// tell returns a message as it is sent: encoded once if others get it, too.
func (t telling[S, E]) tell(m *object.Message[S, E]) any {
	if m.Encoded != nil {
		return shared[S, E]{m, t}
	}
	return t.to(m, t.view)
}

// A shared message goes to all followers of an object, each of which may ask for
// another view.
type shared[S, E any] struct {
	message *object.Message[S, E] // its Encoded is not nil
	telling[S, E]
}

// Names under which encodings are kept, by view.
var (
	binaryNames = [...]string{"proto", "proto/basic", "proto/full"}
	jsonNames   = [...]string{"json", "json/basic", "json/full"}
)

// encoded returns the encoding of a shared message, made by marshal if nobody
// has yet.
func (s shared[S, E]) encoded(names [3]string, marshal func(proto.Message) ([]byte, error)) ([]byte, error) {
	return s.message.Encoded.Get(names[s.view], func() ([]byte, error) { return marshal(s.to(s.message, s.view)) })
}

// watch sends what a follower gets until that ends, and closes it.
func watch[S, E any](ctx context.Context, d *desk, send func(any) error, f *service.Follower[S, E], t telling[S, E]) error {
	defer f.Close()
	s := d.newSender(ctx, send)
	defer s.close()
	// The headers now: until they arrive, a client cannot tell a quiet object from
	// a dead server.
	if err := s.message(nil); err != nil {
		return err
	}
	for {
		m, err := f.Next(ctx, d.heartbeat)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.message(t.tell(m)); err != nil {
			return err
		}
	}
}

// remark puts into a message of a watch what is told in the same words of any
// class: all but snapshots and events. Such messages are rare.
func remark(out proto.Message, kind object.MessageKind, why object.Reason) {
	set := func(field protoreflect.Name, value proto.Message) {
		m := out.ProtoReflect()
		m.Set(m.Descriptor().Fields().ByName(field), protoreflect.ValueOfMessage(value.ProtoReflect()))
	}
	switch kind {
	case object.Current:
		set("current", &taskv1.Current{})
	case object.Heartbeat:
		set("heartbeat", &taskv1.Heartbeat{})
	case object.Reset:
		set("reset", &taskv1.Reset{Reason: resetReasons[why]})
	case object.Removed:
		set("removed", &taskv1.Removed{Reason: taskv1.RemovedReason_REMOVED_REASON_DELETED})
	case object.End:
		set("end", &taskv1.End{Reason: endReasons[why]})
	}
}

var resetReasons = map[object.Reason]taskv1.ResetReason{
	object.CursorExpired:     taskv1.ResetReason_RESET_REASON_CURSOR_EXPIRED,
	object.GenerationChanged: taskv1.ResetReason_RESET_REASON_GENERATION_CHANGED,
	object.EpochChanged:      taskv1.ResetReason_RESET_REASON_EPOCH_CHANGED,
	object.CursorAhead:       taskv1.ResetReason_RESET_REASON_CURSOR_AHEAD,
}

var endReasons = map[object.Reason]taskv1.EndReason{
	object.Finished: taskv1.EndReason_END_REASON_FINISHED,
	object.Draining: taskv1.EndReason_END_REASON_DRAINING,
}
