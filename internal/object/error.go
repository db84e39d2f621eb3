package object

import (
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// The failures of a host that are not the journal's and not the class's own.
var (
	// ErrDraining: the host stops and takes no new calls.
	ErrDraining = errors.New("object: the host is stopping")

	// ErrCursor: the cursor was not made by a host.
	ErrCursor = errors.New("object: not a cursor")

	// ErrKeyReused: the idempotency key was used before with another request.
	ErrKeyReused = errors.New("object: idempotency key used with another request")

	// ErrAside: the object's file cannot be written, and as many of its events
	// wait in the journal as may. It is a journal.ErrFull of this object alone.
	ErrAside = fmt.Errorf("%w: the file of this object cannot be written", journal.ErrFull)
)
