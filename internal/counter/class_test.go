package counter_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// life applies random commands to a new counter, and returns it after each of its
// events.
func life(t *testing.T, r *rand.Rand) (states []counter.Counter, events []counter.Event) {
	t.Helper()
	c, err := counter.Apply(nil, counter.Command{Op: counter.Create, Name: "é\"", N: r.Int64N(2*counter.Max) - counter.Max}, 100, "key:\"a\"")
	for range 50 {
		if err != nil && !errors.Is(err, counter.ErrRange) {
			t.Fatal(err)
		}
		if err == nil {
			states, events = append(states, c.Next), append(events, c.Events...)
		}
		cmd := counter.Command{Name: "é\"", Op: counter.Increment + counter.Op(r.IntN(4)), N: 1 + r.Int64N(1<<r.IntN(53))}
		c, err = counter.Apply(&states[len(states)-1], cmd, r.Int64N(1000), []string{"", "key:b"}[r.IntN(2)])
	}
	return states, events
}

func TestWhatIsKeptComesBackTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		states, events := life(t, r)
		last := states[len(states)-1]
		for i, e := range events {
			data := counter.Class{}.Encode(nil, e)
			if back, err := (counter.Class{}).Decode(data); err != nil || back != e {
				t.Fatalf("%s comes back as %+v, %v", data, back, err)
			}
			if back, err := (counter.Layout{}).ScanEvent(counter.Layout{}.Event(e)); err != nil || back != e {
				t.Fatalf("the row of %+v comes back as %+v, %v", e, back, err)
			}
			row, detail := counter.Class{}.Pack(states[i])
			if back, err := (counter.Class{}).Unpack(row, detail); err != nil || back != states[i] {
				t.Fatalf("%+v comes back as %+v, %v", states[i], back, err)
			}
			if was := (counter.Class{}).At(last, e); was != states[i] {
				t.Fatalf("after event %d it was %+v, want %+v", e.Sequence, was, states[i])
			}
		}
		if back, err := counter.Fold(last.Name, events); err != nil || back != last {
			t.Fatalf("its events make %+v, %v; want %+v", back, err, last)
		}
		i := 1 + r.IntN(len(events)-1)
		if _, err := counter.Fold(last.Name, append(events[:i:i], events[i+1:]...)); err == nil && i < len(events)-1 {
			t.Fatal("a history with a hole was believed")
		}
	}
}

func TestWhatWasNotWrittenIsDamage(t *testing.T) {
	t.Parallel()
	for _, data := range []string{``, `{`, `[]`, `{"sequence":1}x`, `{"sequence":"1"}`, `{"colour":1}`, `{"value":9007199254740992}`, `{ "value":1}`} {
		if _, err := (counter.Class{}).Decode([]byte(data)); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%q as an event: %v", data, err)
		}
	}
	good, _ := counter.Class{}.Pack(*at(7))
	for name, spoil := range map[string]func(*journal.Row){
		"another class":  func(r *journal.Row) { r.Class = "task" },
		"another status": func(r *journal.Row) { r.Status = 2 },
		"no state":       func(r *journal.Row) { r.State = nil },
		"a wrong state":  func(r *journal.Row) { r.State = []byte(`{"colour":1}`) },
	} {
		row := good
		spoil(&row)
		if _, err := (counter.Class{}).Unpack(row, journal.Detail{}); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("a row with %s: %v", name, err)
		}
	}
	for _, values := range [][]any{nil, {int64(1)}, {"1", "k", int64(1), int64(1), int64(1), ""}, {int64(1), nil, int64(1), int64(1), int64(1), ""}} {
		if _, err := (counter.Layout{}).ScanEvent(values); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("row %v: %v", values, err)
		}
	}
}
