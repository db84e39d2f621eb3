package counter

// Max bounds the value of a counter, in either direction: the integers that every
// reader of JSON takes exactly, since some keep numbers as 64-bit floats.
const Max = 1<<53 - 1

// A Counter is the state of one counter. It is a value: rules return a new one.
type Counter struct {
	Name      string
	Value     int64 // -Max to Max
	Previous  int64 // value before the last event; of one just created its value
	Initial   int64 // value it was created with, and that Reset brings back
	CreatedBy string
	Sequence  int64 // number of the last event
	CreatedAt int64
	UpdatedAt int64 // time of the last event
}

// Operations returns how many calls have changed the counter since it was created.
func (c Counter) Operations() int64 { return c.Sequence - 1 }

// The kinds of event: which call made it.
const (
	KindCreated     = "counter.created"
	KindIncremented = "counter.incremented"
	KindDecremented = "counter.decremented"
	KindSet         = "counter.set"
	KindReset       = "counter.reset"
)

// An Event is one entry of a counter's history. It is never changed.
type Event struct {
	Sequence int64
	Kind     string
	Value    int64 // after the event
	Previous int64 // before it; of a creation the same as Value
	Time     int64
	Actor    string // subject of the caller; empty for anonymous
}

// At returns the counter as it was right after e, one of its events, given the
// counter at any later time.
func At(later Counter, e Event) Counter {
	c := later
	c.Value, c.Previous, c.Sequence, c.UpdatedAt = e.Value, e.Previous, e.Sequence, e.Time
	return c
}
