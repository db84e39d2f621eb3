package journal

// A Key names an object: its class and its id within the class.
type Key struct {
	Class string
	ID    string
}

// A Row is an object's line in the registry: what listing and waking need. It
// is written in the same transaction as the events that led to it.
type Row struct {
	Key
	Generation int64    // never reused; the object's key everywhere but in calls
	Status     int      // in the class's own numbering; counted and filtered by
	Type       string   // filtered by; may be empty
	CreatedBy  string   // subject of the creator; may be empty
	Tags       []string // sorted, each once; never change after Create
	CreatedAt  int64
	UpdatedAt  int64
	Sequence   int64  // number of the last event
	LSN        int64  // ledger position of the last commit
	Hash       int64  // Entry.Hash of the last event
	State      []byte // the rest of the state, in the class's own encoding
}

// A Detail is the part of an object that is large and seldom changes. It is
// kept apart from its row and written only when it changed. Both are JSON
// objects, or empty for none.
type Detail struct {
	Metadata []byte
	Result   []byte
}

// An Entry is one event of an object as the journal keeps it until the object's
// own file holds it.
type Entry struct {
	Sequence int64  // dense from 1
	LSN      int64  // of the commit it belongs to
	Hash     int64  // Hash(hash of the entry before, Data)
	Data     []byte // the event in its class's canonical encoding
}

// An Op is what a commit does to its object.
type Op uint8

const (
	OpAppend Op = iota // adds events to an object
	OpCreate           // begins an object with its first events
	OpDelete           // ends an object: a tombstone stays
	OpForget           // drops journal rows that the object's file holds durably
)

// A Commit is one change of one object: all of it becomes durable, or nothing.
type Commit struct {
	Op Op

	// Row is the object after the commit; for OpDelete as it was before, for
	// OpForget only its Key and Generation count. The journal sets Row.LSN.
	Row Row

	// Expect is the object's sequence before the commit, 0 for OpCreate. The
	// commit is lost if the journal has another; ignored for OpForget.
	Expect int64

	// Was is the object's Status before the commit; ignored for OpCreate.
	Was int

	// Entries are the new events, Expect+1 and on. The journal sets their LSN.
	Entries []Entry

	// Detail is written if it is not nil.
	Detail *Detail

	// Upto is, for OpForget, the last sequence to drop.
	Upto int64

	// Receipt is kept for an idempotent call; nil if there is no key.
	Receipt *Receipt

	// Reserved lets the commit use the part of the journal's room that is kept
	// for calls that end work: terminal calls, OpDelete, OpForget.
	Reserved bool
}

// A Receipt remembers a call that carried an idempotency key and had an effect,
// well enough to answer it again.
type Receipt struct {
	Digest     [32]byte // SHA-256 of method, scope and key
	Request    [32]byte // SHA-256 of the request in canonical form
	Generation int64    // of the object it changed
	Sequence   int64    // of its last event; of the object for a delete
	Code       int      // Connect code of the answer; 0 is OK
	Row        Row      // the object after the call
	At         int64    // when it was committed
}

// Loaded is an object as the journal knows it.
type Loaded struct {
	Row    Row
	Detail Detail

	// Pending are the entries that the journal still holds, ascending; the last
	// one is Row.Sequence. If there are none, the object's file holds everything.
	// If they begin at 1, a file that exists is not to be trusted.
	Pending []Entry
}
