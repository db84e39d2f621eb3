package service

import "errors"

// The classes of refusal that are the service's own, told apart by errors.Is.
var (
	// ErrUnauthenticated: the call needs a credential, or the one shown is not
	// valid.
	ErrUnauthenticated = errors.New("service: no valid credential")

	// ErrForbidden: the caller may not make this call.
	ErrForbidden = errors.New("service: not allowed")

	// ErrLimit: a limit of the server is reached; waiting may help.
	ErrLimit = errors.New("service: limit reached")
)

// An Error refuses a call. Its text is meant for the caller.
type Error struct {
	Class    error             // one of the classes above
	Text     string            // what is wrong and how to mend it
	Metadata map[string]string // for programs; may be nil
	Cause    error             // for the operator's log; may be nil
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Class }
