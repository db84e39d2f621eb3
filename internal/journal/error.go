package journal

import (
	"errors"
	"fmt"
)

// The failures of a journal or a home that callers tell apart, by errors.Is.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("journal: no such object")

	// ErrUnknown: whether the commit happened is not known. The caller may try
	// again with the same idempotency key.
	ErrUnknown = errors.New("journal: outcome of the commit is unknown")

	// ErrFull: there is no room, on the disk or under a cap. Nothing happened.
	ErrFull = errors.New("journal: no room")

	// ErrSlow: a listing took longer than one may, and was given up.
	ErrSlow = errors.New("journal: the listing takes too long; a narrower filter helps")

	// ErrDamaged: stored data is not what was written. It is never served.
	ErrDamaged = errors.New("journal: stored data is damaged")

	// ErrJournalDamaged: the journal itself is. It takes no more changes; what
	// it can still prove is shown.
	ErrJournalDamaged = errors.New("journal: the journal is damaged")

	// ErrUnreadable: stored data cannot be read now, and may be later. It is
	// not known to be damaged.
	ErrUnreadable = errors.New("journal: stored data cannot be read now")

	// ErrNoDescriptors: nothing can be opened, because as many files and
	// connections are open as may be.
	ErrNoDescriptors = errors.New("journal: too many open files")
)

// A LostError says that the events of an object before First are lost: its file
// was damaged or missing, and was begun anew with First. It is an ErrDamaged.
type LostError struct{ First int64 }

// Error implements error.
func (e *LostError) Error() string {
	return fmt.Sprintf("%v: the events before %d are lost", ErrDamaged, e.First)
}

// Unwrap returns ErrDamaged.
func (e *LostError) Unwrap() error { return ErrDamaged }
