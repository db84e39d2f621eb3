package task

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// decodeEvent is Class.Decode.
func decodeEvent(data []byte) (Event, error) {
	var e Event
	err := decodeObject(data, func(r *reader, name []byte) {
		switch string(name) {
		case "sequence":
			e.Sequence = r.number(math.MaxInt64)
		case "event_type":
			e.Type = EventType(r.number(math.MaxUint8))
		case "kind":
			e.Kind = kind(r.bytes())
		case "message":
			e.Message = string(r.bytes())
		case "progress":
			e.Progress, e.HasProgress = int(r.number(math.MaxInt32)), true
		case "metadata":
			e.Metadata = string(r.bytes())
		case "timestamp":
			e.Time = r.number(math.MaxInt64)
		case "actor":
			e.Actor = string(r.bytes())
		case "status":
			e.Status = Status(r.number(math.MaxUint8))
		case "task_progress":
			e.TaskProgress = int(r.number(math.MaxInt32))
		case "started_at":
			e.StartedAt = r.number(math.MaxInt64)
		case "start_progress":
			e.StartProgress = int(r.number(math.MaxInt32))
		case "type":
			e.TaskType = string(r.bytes())
		case "tags":
			e.TaskTags = r.strings()
		default:
			r.fail("field %q is unknown", name)
		}
	})
	return e, err
}

// kind returns the known kind, without allocating it anew.
func kind(b []byte) string {
	switch string(b) {
	case KindCreated:
		return KindCreated
	case KindEvent:
		return KindEvent
	case KindProgress:
		return KindProgress
	case KindSucceeded:
		return KindSucceeded
	case KindFailed:
		return KindFailed
	case KindCanceled:
		return KindCanceled
	}
	return string(b)
}

// decodeState is the inverse of appendState.
func decodeState(data []byte, t *Task) error {
	return decodeObject(data, func(r *reader, name []byte) {
		switch string(name) {
		case "progress":
			t.Progress = int(r.number(math.MaxInt32))
		case "started_at":
			t.StartedAt = r.number(math.MaxInt64)
		case "start_progress":
			t.StartProgress = int(r.number(math.MaxInt32))
		case "ended_at":
			t.EndedAt = r.number(math.MaxInt64)
		case "end_sequence":
			t.EndSequence = r.number(math.MaxInt64)
		case "ended_by":
			t.EndedBy = string(r.bytes())
		case "error":
			t.Error = string(r.bytes())
		default:
			r.fail("field %q is unknown", name)
		}
	})
}

// decodeObject reads compact JSON of an object, as fields writes it, giving
// each field to the function that reads its value.
func decodeObject(data []byte, field func(r *reader, name []byte)) error {
	r := reader{data: data}
	r.want('{')
	if !r.take('}') {
		for {
			name := r.bytes()
			r.want(':')
			if r.err == nil {
				field(&r, name)
			}
			if r.err != nil || r.take('}') {
				break
			}
			r.want(',')
		}
	}
	if r.err == nil && r.at != len(data) {
		r.fail("more follows its end")
	}
	return r.err
}

// A reader reads the JSON that this package writes, and no other. After the
// first fault it reads zero values.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %w", r.at, errors.Join(fmt.Errorf(format, args...), journal.ErrDamaged))
	}
}

func (r *reader) take(c byte) bool {
	if r.err != nil || r.at == len(r.data) || r.data[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) want(c byte) {
	if !r.take(c) {
		r.fail("%q is missing", c)
	}
}

// number reads an integer whose magnitude is at most limit.
func (r *reader) number(limit int64) int64 {
	start := r.at
	r.take('-')
	for r.at < len(r.data) && '0' <= r.data[r.at] && r.data[r.at] <= '9' {
		r.at++
	}
	n, err := strconv.ParseInt(string(r.data[start:r.at]), 10, 64)
	if err != nil || n > limit || n < -limit {
		r.fail("a number from %d to %d is missing", -limit, limit)
		return 0
	}
	return n
}

func (r *reader) strings() []string {
	var list []string
	r.want('[')
	if r.take(']') {
		return nil
	}
	for r.err == nil {
		list = append(list, string(r.bytes()))
		if r.take(']') {
			return list
		}
		r.want(',')
	}
	return nil
}

// bytes reads a string. What it returns may be part of data.
func (r *reader) bytes() []byte {
	r.want('"')
	start := r.at
	for r.err == nil && r.at < len(r.data) {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.valid(r.data[start : r.at-1])
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			r.fail("a control character is not escaped")
		default:
			r.at++
		}
	}
	r.fail("a string does not end")
	return nil
}

// escaped reads on in a string that began at start and has an escape to come.
func (r *reader) escaped(start int) []byte {
	out := append(make([]byte, 0, 2*(r.at-start)+32), r.data[start:r.at]...)
	for r.err == nil && r.at < len(r.data) {
		c := r.data[r.at]
		r.at++
		switch {
		case c == '"':
			return r.valid(out)
		case c == '\\':
			out = append(out, r.escape())
		case c < 0x20:
			r.fail("a control character is not escaped")
		default:
			out = append(out, c)
		}
	}
	r.fail("a string does not end")
	return nil
}

// escape reads what follows a backslash.
func (r *reader) escape() byte {
	if r.at == len(r.data) {
		return 0
	}
	c := r.data[r.at]
	r.at++
	switch c {
	case '"', '\\':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'u':
		return r.control()
	}
	r.fail("an escape is unknown")
	return 0
}

// control reads the four digits of an escaped control character.
func (r *reader) control() byte {
	if len(r.data)-r.at < 4 {
		r.fail("an escape is cut off")
		return 0
	}
	n, err := strconv.ParseUint(string(r.data[r.at:r.at+4]), 16, 16)
	if err != nil || n >= 0x20 {
		r.fail("an escape is not of a control character")
		return 0
	}
	r.at += 4
	return byte(n)
}

func (r *reader) valid(b []byte) []byte {
	if !utf8.Valid(b) {
		r.fail("a string is not UTF-8")
	}
	return b
}
