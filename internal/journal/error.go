package journal

import "errors"

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
)
