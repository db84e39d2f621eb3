package rule

import "unicode/utf8"

// MaxID and MaxText bound ids and texts for people, in bytes.
const (
	MaxID   = 256
	MaxText = 16 << 10
)

// Label checks a short name: at most limit bytes of UTF-8 without control
// characters.
func Label(field, s string, limit int) error {
	if len(s) > limit {
		return Invalid(field, "has %d bytes; at most %d are allowed", len(s), limit)
	}
	for i, r := range s {
		if r == utf8.RuneError && !utf8.ValidString(s) {
			return NotUTF8(field)
		}
		if control(r) {
			return Invalid(field, "has a control character at byte %d; remove it", i)
		}
	}
	return nil
}

// Text checks a text for people: at most MaxText bytes of UTF-8.
func Text(field, s string) error {
	if len(s) > MaxText {
		return Invalid(field, "has %d bytes; at most %d are allowed", len(s), MaxText)
	}
	if !utf8.ValidString(s) {
		return NotUTF8(field)
	}
	return nil
}

// NotUTF8 refuses a field that is no text.
func NotUTF8(field string) *Error {
	return Invalid(field, "is not valid UTF-8; encode it as UTF-8")
}

// control reports whether r is one of C0, DEL and C1.
func control(r rune) bool { return r < 0x20 || 0x7f <= r && r <= 0x9f }
