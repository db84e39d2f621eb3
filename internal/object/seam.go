package object

import (
	"context"
	"io"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// A Class says how objects of one sort are kept. Its methods are pure and safe
// for concurrent use. S is the state of an object, E one of its events; both are
// values that nobody changes in place.
type Class[S, E any] interface {
	// Name is the class in keys, tables and directories, such as "task".
	Name() string

	// Pack returns the registry row and the detail of a state. Of the row it
	// fills everything but Generation, LSN and Hash.
	Pack(S) (journal.Row, journal.Detail)

	// Unpack is the inverse of Pack.
	Unpack(journal.Row, journal.Detail) (S, error)

	// Encode appends the canonical encoding of an event to dst: equal events
	// have equal encodings, for all time.
	Encode(dst []byte, e E) []byte

	// Decode is the inverse of Encode.
	Decode([]byte) (E, error)

	// At returns the state as it was after e, given any later state of the same
	// object.
	At(later S, e E) S

	// Final reports whether an object has ended: it goes home at once, and
	// watches that follow until the end finish.
	Final(S) bool
}

// A Journal makes commits durable. Its methods are safe for concurrent use,
// except that Commit and Recover are called by one goroutine.
//
// It is declared here, by the one who calls it. Package ledger is one on a
// single machine; journaltest holds the suite that each must pass.
type Journal interface {
	// Epoch identifies the journal's data; another epoch means that what was
	// shown before may be gone. It is short, of letters and digits, and constant
	// between two calls of Recover.
	Epoch() string

	// LSN returns the position of the last commit.
	LSN() int64

	// Reserve returns the generation of an object that is about to be created.
	// It was never returned before, nor used by an object that exists or was
	// deleted.
	Reserve() int64

	// Commit makes the batch durable, in its order, all together, and sets the
	// LSN of each commit, its row and its entries: 1 more for each commit that
	// is not an OpForget. It returns the indexes of commits that were lost
	// because the object was not at Expect (for OpCreate: because the key is in
	// use); they had no effect, and a later commit of the same object in the
	// batch is lost with them. On an error nothing is known of the batch, and
	// nothing may be called but Recover.
	//
	// An error that is ErrFull means that nothing of the batch happened and that
	// the journal goes on. One that is ErrJournalDamaged and not ErrUnknown means
	// that nothing of it happened and nothing ever will; reads go on.
	Commit(ctx context.Context, batch []journal.Commit) (lost []int, err error)

	// Load returns an object that exists, or ErrNotFound. It sees every commit
	// that was answered before.
	Load(ctx context.Context, key journal.Key) (journal.Loaded, error)

	// Entries reads back entries that the journal holds, ascending, first to
	// last; ErrDamaged if one is missing.
	Entries(ctx context.Context, generation, first, last int64) ([]journal.Entry, error)

	// Backlog returns the keys of all objects of a class that the journal holds
	// entries of, oldest generation first.
	Backlog(ctx context.Context, class string) ([]journal.Key, error)

	// Receipt returns what was kept for an idempotency key; false if there is
	// nothing.
	Receipt(ctx context.Context, digest [32]byte) (journal.Receipt, bool, error)

	// Unfinished returns the generations of deleted objects of a class whose
	// files may still be there.
	Unfinished(ctx context.Context, class string) ([]int64, error)

	// Unlinked notes that the files of deleted objects are gone, durably.
	Unlinked(ctx context.Context, generations []int64) error

	// Full reports whether the journal is over its cap, so that commits that are
	// not Reserved would fail with ErrFull. Home writing makes room.
	Full() bool

	// Broke returns a channel that gets an element when the journal broke, in a
	// commit or beside one, so that it answers ErrUnknown until Recover, or met
	// damage, so that it takes no more commits. It has one reader.
	Broke() <-chan struct{}

	// Recover closes everything the journal has open and opens it as at the
	// start. The journal may be used again when it returns nil. ErrJournalDamaged
	// is its last word.
	Recover(ctx context.Context) error
}

// A Home is where objects of a class live: one file each. Its methods are safe
// for concurrent use, except that the caller never runs two of them for one
// generation at once.
type Home[S, E any] interface {
	// Write makes each homecoming durable in its object's file, and returns one
	// error, or nil, for each. Many at once share what durability costs. A file
	// that is missing or not whole does not stop it: the records begin a new one,
	// which has none of the events before.
	Write(ctx context.Context, work []journal.Homecoming[S, E]) []error

	// History reads records of an object's file, ascending. It returns
	// ErrNotFound if there is no file and ErrDamaged if it cannot be trusted;
	// sequences are dense within the answer. A file that begins after the range
	// does is read from where it begins; if that is after the range ends, the
	// error is a *journal.LostError.
	History(ctx context.Context, generation int64, r journal.Range) ([]journal.Record[E], error)

	// Quarantine puts an object's file where nobody uses it, durably, if it is
	// damaged. One that is whole stays; one that is not there is no error.
	Quarantine(ctx context.Context, generation int64) error

	// Copy writes an object's file to a writer, as it is at one moment. It
	// returns ErrNotFound and ErrDamaged as History does.
	Copy(ctx context.Context, generation int64, to io.Writer) error

	// Remove unlinks the files of deleted objects, durably. A file that is not
	// there is no error.
	Remove(ctx context.Context, generations []int64) error
}
