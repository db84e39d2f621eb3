package task

import "unicode/utf8"

// What a call may carry. Lengths are in bytes.
const (
	MaxID       = 256
	MaxType     = 128
	MaxTags     = 12
	MaxTag      = 128
	MaxMessage  = 16 << 10
	MaxMetadata = 64 << 10
	MaxDepth    = 32  // of metadata; its outermost object is the first level
	MaxEvents   = 100 // of one AddEvents
)

// ValidID checks a task's id: 1 to MaxID bytes of UTF-8 without control
// characters. Anything else is fine: ids never become file names.
func ValidID(id string) error {
	if id == "" {
		return Invalid("task_id", "is empty; name a task")
	}
	return label("task_id", id, MaxID)
}

// ValidMetadata checks JSON text for a field: empty, or one object of at most
// MaxMetadata bytes of UTF-8, nested at most MaxDepth deep.
func ValidMetadata(field, text string) error {
	if text == "" {
		return nil
	}
	if len(text) > MaxMetadata {
		return TooLarge(field)
	}
	if !utf8.ValidString(text) {
		return notUTF8(field)
	}
	switch checkObject(text) {
	case tooDeep:
		return TooDeep(field)
	case malformed:
		return Invalid(field, "is not JSON of one object; send an object")
	}
	return nil
}

// TooLarge refuses metadata over MaxMetadata.
func TooLarge(field string) *Error {
	return Invalid(field, "is longer than %d bytes as JSON; keep large data elsewhere and refer to it", MaxMetadata)
}

// TooDeep refuses metadata over MaxDepth.
func TooDeep(field string) *Error {
	return Invalid(field, "is nested deeper than %d levels; flatten it", MaxDepth)
}

func notUTF8(field string) *Error {
	return Invalid(field, "is not valid UTF-8; encode it as UTF-8")
}

// label checks a short name: at most limit bytes of UTF-8 without control
// characters.
func label(field, s string, limit int) error {
	if len(s) > limit {
		return Invalid(field, "has %d bytes; at most %d are allowed", len(s), limit)
	}
	for i, r := range s {
		if r == utf8.RuneError && !utf8.ValidString(s) {
			return notUTF8(field)
		}
		if control(r) {
			return Invalid(field, "has a control character at byte %d; remove it", i)
		}
	}
	return nil
}

// control reports whether r is one of C0, DEL and C1.
func control(r rune) bool { return r < 0x20 || 0x7f <= r && r <= 0x9f }

// text checks a text for people.
func text(field, s string) error {
	if len(s) > MaxMessage {
		return Invalid(field, "has %d bytes; at most %d are allowed", len(s), MaxMessage)
	}
	if !utf8.ValidString(s) {
		return notUTF8(field)
	}
	return nil
}

func percent(field string, p int) error {
	if p < 0 || p > complete {
		return Invalid(field, "is %d; it must be 0 to 100", p)
	}
	return nil
}
