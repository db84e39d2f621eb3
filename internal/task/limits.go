package task

import (
	"unicode/utf8"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// What a call may carry. Lengths are in bytes.
const (
	MaxType     = 128
	MaxTags     = 12
	MaxTag      = 128
	MaxMetadata = 64 << 10
	MaxDepth    = 32  // of metadata; its outermost object is the first level
	MaxEvents   = 100 // of one AddEvents
)

// names are how the API speaks of tasks.
var names = rule.Names{Class: ClassName, ID: "task_id"}

// ValidID checks a task's id; see rule.Names.
func ValidID(id string) error { return names.ValidID(id) }

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
		return rule.NotUTF8(field)
	}
	switch checkObject(text) {
	case tooDeep:
		return TooDeep(field)
	case malformed:
		return rule.Invalid(field, "is not JSON of one object; send an object")
	}
	return nil
}

// TooLarge refuses metadata over MaxMetadata.
func TooLarge(field string) *rule.Error {
	return rule.Invalid(field, "is longer than %d bytes as JSON; keep large data elsewhere and refer to it", MaxMetadata)
}

// TooDeep refuses metadata over MaxDepth.
func TooDeep(field string) *rule.Error {
	return rule.Invalid(field, "is nested deeper than %d levels; flatten it", MaxDepth)
}

func percent(field string, p int) error {
	if p < 0 || p > complete {
		return rule.Invalid(field, "is %d; it must be 0 to 100", p)
	}
	return nil
}
