package counter

import (
	"fmt"
	"math"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// ClassName is the name of the class of counters.
const ClassName = "counter"

// live is the only status of a counter in the registry.
const live = 1

// Class says how counters are kept: it is their object.Class. The zero value is
// ready.
type Class struct{}

// Name returns "counter".
func (Class) Name() string { return ClassName }

// Pack returns a counter's registry row, but for Generation, LSN and Hash; it has
// no detail.
func (Class) Pack(c Counter) (journal.Row, journal.Detail) {
	o := canonical.Append(make([]byte, 0, 64))
	o.Number("value", c.Value)
	o.Number("previous", c.Previous)
	o.Number("initial", c.Initial)
	return journal.Row{
		Key:       journal.Key{Class: ClassName, ID: c.Name},
		Status:    live,
		CreatedBy: c.CreatedBy,
		CreatedAt: c.CreatedAt,
		UpdatedAt: c.UpdatedAt,
		Sequence:  c.Sequence,
		State:     o.End(),
	}, journal.Detail{}
}

// Unpack is the inverse of Pack. It fails with journal.ErrDamaged if the row is
// not one that Pack made.
func (Class) Unpack(row journal.Row, _ journal.Detail) (Counter, error) {
	if row.Class != ClassName || row.Status != live {
		return Counter{}, fmt.Errorf("counter: unpack %q: class is %q, status %d: %w", row.ID, row.Class, row.Status, journal.ErrDamaged)
	}
	c := Counter{Name: row.ID, CreatedBy: row.CreatedBy, Sequence: row.Sequence, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
	err := canonical.Read(row.State, func(r *canonical.Reader, name []byte) {
		switch string(name) {
		case "value":
			c.Value = r.Number(Max)
		case "previous":
			c.Previous = r.Number(Max)
		case "initial":
			c.Initial = r.Number(Max)
		default:
			r.Fail("field %q is unknown", name)
		}
	})
	if err != nil {
		return Counter{}, fmt.Errorf("counter: unpack %q: %w", row.ID, err)
	}
	return c, nil
}

// Encode appends the canonical encoding of an event to dst.
func (Class) Encode(dst []byte, e Event) []byte {
	o := canonical.Append(dst)
	o.Number("sequence", e.Sequence)
	o.Text("kind", e.Kind)
	o.Number("value", e.Value)
	o.Number("previous", e.Previous)
	o.Number("timestamp", e.Time)
	o.Text("actor", e.Actor)
	return o.End()
}

// Decode is the inverse of Encode. It fails with journal.ErrDamaged for anything
// that is not of that form.
func (Class) Decode(data []byte) (Event, error) {
	var e Event
	err := canonical.Read(data, func(r *canonical.Reader, name []byte) {
		switch string(name) {
		case "sequence":
			e.Sequence = r.Number(math.MaxInt64)
		case "kind":
			e.Kind = string(r.Bytes())
		case "value":
			e.Value = r.Number(Max)
		case "previous":
			e.Previous = r.Number(Max)
		case "timestamp":
			e.Time = r.Number(math.MaxInt64)
		case "actor":
			e.Actor = string(r.Bytes())
		default:
			r.Fail("field %q is unknown", name)
		}
	})
	if err != nil {
		return Event{}, fmt.Errorf("counter: decode event: %w", err)
	}
	return e, nil
}

// At returns the counter as it was right after one of its events.
func (Class) At(later Counter, e Event) Counter { return At(later, e) }

// Final reports false: a counter never ends.
func (Class) Final(Counter) bool { return false }
