package rule

import (
	"errors"
	"fmt"
)

// The classes of refusal that a caller can act on, told apart by errors.Is. A
// class of objects may have more of its own.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("rule: not found")

	// ErrExists: there is such an object already.
	ErrExists = errors.New("rule: already exists")

	// ErrInvalid: a field breaks its rule, whatever the state of the object.
	ErrInvalid = errors.New("rule: invalid field")

	// ErrSequence: the object is not at the sequence the caller expects.
	ErrSequence = errors.New("rule: not at the expected sequence")

	// ErrLimit: the object holds as much as it may hold.
	ErrLimit = errors.New("rule: limit reached")
)

// An Error refuses a call. Its text is meant for the caller: it names what he
// sent and says what to do.
type Error struct {
	Class    error             // one of the classes above, or a class's own
	Field    string            // of ErrInvalid: the field, as the API spells its path
	Text     string            // what is wrong and how to mend it
	Metadata map[string]string // for programs; may be nil
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Class }

// Invalid refuses a field, named as the API spells its path; the text goes on
// after the name.
func Invalid(field, format string, args ...any) *Error {
	return &Error{
		Class: ErrInvalid,
		Field: field,
		Text:  field + " " + fmt.Sprintf(format, args...),
	}
}

// First returns the first error, nil if there is none.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
