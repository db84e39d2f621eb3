package service

import (
	"context"
	"io"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// A Class is the rules of one sort of object: S is the state of an object, E one
// of its events, C a call on it. Its methods are pure and safe for concurrent
// use. Refusals are *rule.Error.
type Class[S, E, C any] interface {
	// Name is the class in the registry, such as "task".
	Name() string

	// ValidID refuses what cannot be an id.
	ValidID(id string) error

	// NotFound refuses a call on an object that does not exist.
	NotFound(id string) *rule.Error

	// Call says what the service must know of a command.
	Call(C) rule.Call

	// WithID returns a creation with the id that the server chose.
	WithID(c C, id string) C

	// Apply decides a command on an object, nil if there is none, at a time, for
	// the caller whose subject is actor.
	Apply(s *S, c C, now int64, actor string) (rule.Change[S, E], error)

	// Again rebuilds what a command answered, from the object right after it, as
	// a receipt knows it: without metadata and result. now is the object as it is,
	// nil if it is gone.
	Again(c C, then S, now *S, actor string) (S, []E)

	// ID returns an object's id.
	ID(S) string

	// CreatedBy returns the subject of an object's creator.
	CreatedBy(S) string

	// Sequence returns the number of an event.
	Sequence(E) int64
}

// A Host keeps the live objects of a class. *object.Host is one.
type Host[S, E any] interface {
	Do(ctx context.Context, id string, c object.Call[S, E]) (object.Outcome[S, E], error)
	Get(ctx context.Context, id string) (S, error)
	History(ctx context.Context, id string, r object.HistoryRange) (events []E, generation int64, err error)
	Export(ctx context.Context, id string, to io.Writer) error
	Follow(ctx context.Context, id string, f object.Follow) (*object.Follower[S, E], error)
	Shown(ctx context.Context, lsn int64) error
	Unpack(row journal.Row, detail journal.Detail) (S, error)
}

// A Lister reads the registry. *ledger.Ledger is one.
type Lister interface {
	// Epoch identifies the registry's data; it is part of every page token.
	Epoch() string
	List(ctx context.Context, q journal.Query) (journal.Page, error)
	// Tallies returns the counts per status and the ledger position they are of.
	Tallies(ctx context.Context, class string) ([]journal.Tally, int64, error)
}
