package ws

import (
	"strconv"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1/counterv1connect"
	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// Counters are the sockets of counters.
func Counters(svc *service.Service[counter.Counter, counter.Event, counter.Command]) Class {
	return newClass(svc, counterv1connect.CounterServiceWatchProcedure, &counterForm)
}

// Of a counter "reset" is a call, so a cursor that cannot be resumed is answered
// by a snapshot.
var counterForm = form[counter.Counter, counter.Event]{
	id: "name", reset: "snapshot", update: appendCounted, rest: appendCounterRest, events: appendCounterEvents,
}

// counterTypes are the types of messages, after the calls that make them.
var counterTypes = map[string]string{
	counter.KindCreated:     "create",
	counter.KindIncremented: "increment",
	counter.KindDecremented: "decrement",
	counter.KindSet:         "setValue",
	counter.KindReset:       "reset",
}

// appendCounted writes what one event is told as.
func appendCounted(dst []byte, m *object.Message[counter.Counter, counter.Event]) []byte {
	e := &m.Events[0]
	dst = append(append(append(dst, `{"type":"`...), counterTypes[e.Kind]...), '"')
	dst = appendInt(dst, "previousValue", e.Previous)
	return appendCounterRest(dst, m, e.Time)
}

// appendCounterRest writes what all messages of a counter end with.
func appendCounterRest(dst []byte, m *object.Message[counter.Counter, counter.Event], at int64) []byte {
	c := &m.State
	dst = appendInt(appendText(dst, "name", c.Name), "value", c.Value)
	dst = appendText(append(dst, `,"metadata":{"id":1`...), "name", c.Name)
	dst = appendInt(dst, "value", c.Value)
	dst = appendTime(dst, "createdAt", c.CreatedAt)
	dst = appendTime(dst, "updatedAt", c.UpdatedAt)
	dst = append(appendInt(dst, "operationCount", c.Operations()), '}')
	return appendPlace(appendTime(dst, "timestamp", at), m.Sequence, m.Cursor)
}

// appendCounterEvents writes events with their number.
func appendCounterEvents(dst []byte, events []counter.Event) []byte {
	dst = append(dst, '[')
	for i, e := range events {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"id":`...), e.Sequence, 10)
		dst = appendText(dst, "type", counterTypes[e.Kind])
		dst = appendInt(appendInt(dst, "value", e.Value), "previousValue", e.Previous)
		dst = append(appendTime(dst, "timestamp", e.Time), '}')
	}
	return append(dst, ']')
}
