package ws

import (
	"context"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A Class is one sort of objects that sockets follow, at /ws/<class>/<id>. The id
// is percent-encoded where need be.
type Class struct {
	name      string
	procedure string // the call whose rule in the policy says who may open a socket
	validID   func(id string) error
	follow    func(ctx context.Context, id string, ask object.Follow) (follower, error)
}

// A follower gets what a socket is to say.
type follower interface {
	// text waits for the next message; it is nil if there is nothing to say. It
	// fails with object.ErrDraining when the server stops.
	text(ctx context.Context, s *socket) ([]byte, error)
	Close()
}

// newClass returns the class of a service, whose messages have a form.
func newClass[S, E, C any](svc *service.Service[S, E, C], procedure string, f *form[S, E]) Class {
	return Class{
		name: svc.Class().Name(), procedure: procedure, validID: svc.Class().ValidID,
		follow: func(ctx context.Context, id string, ask object.Follow) (follower, error) {
			w, err := svc.Follow(ctx, id, ask)
			if err != nil {
				return nil, err
			}
			return &following[S, E]{w, f}, nil
		},
	}
}

type following[S, E any] struct {
	*service.Follower[S, E]
	form *form[S, E]
}

func (f *following[S, E]) text(ctx context.Context, s *socket) ([]byte, error) {
	m, err := f.Next(ctx, 0)
	if err != nil {
		return nil, err
	}
	if m.Kind == object.End {
		return nil, object.ErrDraining // nothing else ends a follower that waits forever
	}
	return f.form.message(s, m)
}

// A form is how the messages of a class are written: JSON, by hand. They are few
// and flat, each update is written for every event of every object that is
// followed, and the order of the fields is part of the golden files.
type form[S, E any] struct {
	id    string // the field that names the object, such as "taskId"
	reset string // the type of the message that says that a cursor could not be resumed

	// update writes what one event is told as, to its end.
	update func(dst []byte, m *object.Message[S, E]) []byte

	// rest writes what all messages end with, to the end: the object, the time and
	// the place.
	rest func(dst []byte, m *object.Message[S, E], at int64) []byte

	// events writes the newest events of a snapshot.
	events func(dst []byte, events []E) []byte
}

// encodingName is the name under which an update's encoding is kept.
const encodingName = "ws"

// message returns the text of what a follower got, nil for nothing.
func (f *form[S, E]) message(s *socket, m *object.Message[S, E]) ([]byte, error) {
	switch m.Kind {
	case object.Event:
		return f.shared(s, m)
	case object.Snapshot:
		return f.whole(s, m), nil
	case object.Reset: // told with the snapshot that follows
		s.reset = true
	case object.Removed:
		s.reset = false
		return f.removed(s, m), nil
	}
	return nil, nil
}

// shared returns the text of one event, which is shared unless it is large.
func (f *form[S, E]) shared(s *socket, m *object.Message[S, E]) ([]byte, error) {
	encode := func() ([]byte, error) {
		s.door.encoded.Add(1)
		return f.update(nil, m), nil
	}
	if m.Encoded == nil {
		return encode()
	}
	return m.Encoded.Get(encodingName, encode)
}

// whole returns the object as it is, if that is wanted or a cursor could not be
// resumed.
func (f *form[S, E]) whole(s *socket, m *object.Message[S, E]) []byte {
	var dst []byte
	switch {
	case s.reset:
		dst = append(append(append(dst, `{"type":"`...), f.reset...), '"')
	case s.snapshot:
		dst = f.events([]byte(`{"type":"snapshot","events":`), m.Events)
		if m.HistoryUnavailable {
			dst = append(dst, `,"historyUnavailable":true`...)
		}
	default:
		return nil
	}
	s.reset = false
	return f.rest(dst, m, s.door.cfg.Now().UnixMicro())
}

func (f *form[S, E]) removed(s *socket, m *object.Message[S, E]) []byte {
	dst := appendText([]byte(`{"type":"removed"`), f.id, s.id)
	dst = appendTime(dst, "timestamp", s.door.cfg.Now().UnixMicro())
	return appendPlace(dst, m.Sequence, m.Cursor)
}
