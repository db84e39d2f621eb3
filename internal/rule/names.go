package rule

import (
	"fmt"
	"strconv"
)

// Names are how the API speaks of the objects of a class.
type Names struct {
	Class string // such as "task"
	ID    string // the field that names one, such as "task_id"
}

// ValidID checks an object's id: 1 to MaxID bytes of UTF-8 without control
// characters. Anything else is fine: ids never become file names.
func (n Names) ValidID(id string) error {
	if id == "" {
		return Invalid(n.ID, "is empty; name a %s", n.Class)
	}
	return Label(n.ID, id, MaxID)
}

// NotFound refuses a call on an object that does not exist.
func (n Names) NotFound(id string) *Error {
	return n.Refuse(ErrNotFound, id, "does not exist; create it first, or check the "+n.word())
}

// Exists refuses to create an object that exists.
func (n Names) Exists(id string) *Error {
	return n.Refuse(ErrExists, id, "exists already; use another "+n.word()+", or delete it first")
}

// AtSequence refuses a call on an object at a sequence unless it is the one that
// the caller wants; nil wants any.
func (n Names) AtSequence(id string, at int64, want *int64) error {
	if want == nil || *want == at {
		return nil
	}
	e := n.Refuse(ErrSequence, id, fmt.Sprintf("is not at expected_sequence %d; read it again and decide anew", *want))
	e.Metadata["sequence"] = strconv.FormatInt(at, 10)
	e.Metadata["expected_sequence"] = strconv.FormatInt(*want, 10)
	return e
}

// Refuse refuses a call on an object; the text goes on after its name. The
// caller may add to the metadata.
func (n Names) Refuse(class error, id, text string) *Error {
	name := "the " + n.Class
	if id != "" {
		name = fmt.Sprintf("%s %q", n.Class, id)
	}
	return &Error{Class: class, Text: name + " " + text, Metadata: map[string]string{n.ID: id}}
}

// word is what people call the id.
func (n Names) word() string {
	if n.ID == "name" {
		return n.ID
	}
	return "id"
}
