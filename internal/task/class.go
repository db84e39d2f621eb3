package task

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// ClassName is the name of the class of tasks.
const ClassName = "task"

// Class says how tasks are kept: it is their object.Class. The zero value is
// ready.
type Class struct{}

// Name returns "task".
func (Class) Name() string { return ClassName }

// Pack returns a task's registry row, but for Generation, LSN and Hash, and its
// detail.
func (Class) Pack(t Task) (journal.Row, journal.Detail) {
	row := journal.Row{
		Key:       journal.Key{Class: ClassName, ID: t.ID},
		Status:    int(t.Status),
		Type:      t.Type,
		CreatedBy: t.CreatedBy,
		Tags:      t.Tags,
		CreatedAt: t.CreatedAt,
		UpdatedAt: t.UpdatedAt,
		Sequence:  t.Sequence,
		State:     appendState(make([]byte, 0, 96+len(t.Error)), t),
	}
	return row, journal.Detail{Metadata: bytes(t.Metadata), Result: bytes(t.Result)}
}

// bytes returns nil for "", since there is then no detail.
func bytes(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// Unpack is the inverse of Pack. It fails with journal.ErrDamaged if the row is
// not one that Pack made.
func (Class) Unpack(row journal.Row, detail journal.Detail) (Task, error) {
	if row.Class != ClassName {
		return Task{}, fmt.Errorf("task: unpack %q: class is %q: %w", row.ID, row.Class, journal.ErrDamaged)
	}
	if row.Status < int(Pending) || row.Status > int(Canceled) {
		return Task{}, fmt.Errorf("task: unpack %q: status is %d: %w", row.ID, row.Status, journal.ErrDamaged)
	}
	t := Task{
		ID:        row.ID,
		Type:      row.Type,
		CreatedBy: row.CreatedBy,
		Status:    Status(row.Status),
		Metadata:  string(detail.Metadata),
		Result:    string(detail.Result),
		Sequence:  row.Sequence,
		CreatedAt: row.CreatedAt,
		UpdatedAt: row.UpdatedAt,
	}
	if len(row.Tags) > 0 {
		t.Tags = row.Tags
	}
	if err := decodeState(row.State, &t); err != nil {
		return Task{}, fmt.Errorf("task: unpack %q: %w", row.ID, err)
	}
	return t, nil
}

// Encode appends the canonical encoding of an event to dst: compact JSON of one
// fixed order of fields, in which an absent field is one of its zero value. The
// caller's metadata is in it as a JSON string, so that it comes back byte for
// byte whatever it holds. Strings must be valid UTF-8. It never changes, since
// hashes are made of it; a later field may be added that is absent when zero.
func (Class) Encode(dst []byte, e Event) []byte { return appendEvent(dst, e) }

// Decode is the inverse of Encode. It fails with journal.ErrDamaged for
// anything that is not of that form.
func (Class) Decode(data []byte) (Event, error) {
	e, err := decodeEvent(data)
	if err != nil {
		return Event{}, fmt.Errorf("task: decode event: %w", err)
	}
	return e, nil
}

// At returns the task as it was right after one of its events.
func (Class) At(later Task, e Event) Task { return At(later, e) }

// Final reports whether a task has ended.
func (Class) Final(t Task) bool { return t.Status.Final() }
