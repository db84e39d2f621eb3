package task

import (
	"math"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
)

// decodeEvent is Class.Decode.
func decodeEvent(data []byte) (Event, error) {
	var e Event
	err := canonical.Read(data, func(r *canonical.Reader, name []byte) {
		switch string(name) {
		case "sequence":
			e.Sequence = r.Number(math.MaxInt64)
		case "event_type":
			e.Type = EventType(r.Number(math.MaxUint8))
		case "kind":
			e.Kind = kind(r.Bytes())
		case "message":
			e.Message = string(r.Bytes())
		case "progress":
			e.Progress, e.HasProgress = int(r.Number(math.MaxInt32)), true
		case "metadata":
			e.Metadata = string(r.Bytes())
		case "timestamp":
			e.Time = r.Number(math.MaxInt64)
		case "actor":
			e.Actor = string(r.Bytes())
		case "status":
			e.Status = Status(r.Number(math.MaxUint8))
		case "task_progress":
			e.TaskProgress = int(r.Number(math.MaxInt32))
		case "started_at":
			e.StartedAt = r.Number(math.MaxInt64)
		case "start_progress":
			e.StartProgress = int(r.Number(math.MaxInt32))
		case "type":
			e.TaskType = string(r.Bytes())
		case "tags":
			e.TaskTags = r.Strings()
		default:
			r.Fail("field %q is unknown", name)
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
	return canonical.Read(data, func(r *canonical.Reader, name []byte) {
		switch string(name) {
		case "progress":
			t.Progress = int(r.Number(math.MaxInt32))
		case "started_at":
			t.StartedAt = r.Number(math.MaxInt64)
		case "start_progress":
			t.StartProgress = int(r.Number(math.MaxInt32))
		case "ended_at":
			t.EndedAt = r.Number(math.MaxInt64)
		case "end_sequence":
			t.EndSequence = r.Number(math.MaxInt64)
		case "ended_by":
			t.EndedBy = string(r.Bytes())
		case "error":
			t.Error = string(r.Bytes())
		default:
			r.Fail("field %q is unknown", name)
		}
	})
}
