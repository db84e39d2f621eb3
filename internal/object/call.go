package object

// A Call is one call on one object.
type Call[S, E any] struct {
	// Decide says what the call does to the object, given its state, or nil if
	// there is none, and the time of the event to be: never before the object's
	// last one. It is pure, may run more than once, and must not keep the state.
	// An error refuses the call; the state is then as it was.
	Decide func(state *S, now int64) (Decision[S, E], error)

	// Idempotency makes the call happen at most once; nil if the caller gave no
	// key.
	Idempotency *Idempotency

	// Reserved marks calls that end work and so may use the journal's reserve.
	Reserved bool
}

// A Decision is what a call does. Without events and without Delete it does
// nothing, and Next is answered.
type Decision[S, E any] struct {
	Next   S    // the state after the events
	Events []E  // in order; their sequences go on from the state's
	Delete bool // the object ends; Events are empty
	Detail bool // metadata or result changed
}

// Idempotency is a call's key, ready to compare.
type Idempotency struct {
	Digest  [32]byte // SHA-256 of method, scope and key
	Request [32]byte // SHA-256 of the request in canonical form
}

// An Outcome is what a call did.
type Outcome[S, E any] struct {
	State    S    // after the call; before it, if the object was deleted
	Events   []E  // empty if Replayed
	Replayed bool // answered from the receipt of an earlier call; State is of then
}

// A Follow asks to follow one object.
type Follow struct {
	Cursor        string // go on after this message; "" begins with a snapshot
	History       int    // newest events in a snapshot
	Forever       bool   // do not end with the object
	WaitForCreate bool   // wait for an object that does not exist
	Whole         bool   // tell one that was waited for from its first event on, not by a snapshot
}

// MessageKind says what a Message is.
type MessageKind uint8

const (
	Snapshot  MessageKind = iota + 1 // State, Events, HistoryUnavailable
	Event                            // State, Events: exactly one
	Current                          // all that was committed before the start was sent
	Heartbeat                        // nothing happened for a while
	Reset                            // Reason; a snapshot follows
	Removed                          // Reason
	End                              // Reason; the last message
)

// Reason says why a message of kind Reset, Removed or End came.
type Reason uint8

const (
	CursorExpired     Reason = iota + 1 // Reset
	GenerationChanged                   // Reset
	EpochChanged                        // Reset
	CursorAhead                         // Reset
	Deleted                             // Removed
	Finished                            // End
	Draining                            // End
)

// A Message is what a follower gets. The same live event is the same *Message
// for all its followers, so that what is derived from it can be made once.
type Message[S, E any] struct {
	Kind               MessageKind
	Reason             Reason
	Cursor             string // where to go on after this message
	Sequence           int64
	State              S
	Events             []E
	HistoryUnavailable bool

	// Encoded is for the door: what it made of this message, kept so that it is
	// made once for all followers. Nil unless the message is shared.
	Encoded *Encoded
}

// HistoryRange asks for events of an object: those after a sequence, ascending,
// or the newest below one, descending.
type HistoryRange struct {
	After     int64 // ascending: events after this
	Before    int64 // descending: events before this; 0 is from the newest
	Ascending bool
	Limit     int // > 0
}

// Flushed counts what was written home.
type Flushed struct {
	Objects int64
	Events  int64
}
