package store

import "github.com/spectralnotify/spectralnotify/internal/journal"

// A Layout says how a class's state and events are kept in columns, as names
// and values; the tables are those of the class's migrations. Values are nil,
// int64 or string. Its methods are pure and safe for concurrent use.
type Layout[S, E any] interface {
	// Class is the name of the class. The tables are called after it, such as
	// task_metadata and task_history, and so is the directory of its files.
	Class() string

	// StateColumns are the columns of the metadata table, but for those that
	// the store fills itself: id, generation, epoch, sequence, first_sequence,
	// lsn and hash.
	StateColumns() []string

	// State returns the values of StateColumns, in that order.
	State(S, journal.Row) []any

	// EventColumns are the columns of the history table, but for lsn and hash.
	// The first is id, which is the event's sequence.
	EventColumns() []string

	// Event returns the values of EventColumns, in that order.
	Event(E) []any

	// ScanEvent is the inverse of Event.
	ScanEvent([]any) (E, error)
}
