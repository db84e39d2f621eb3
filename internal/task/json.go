package task

// verdict is what checkObject thinks of a text.
type verdict uint8

const (
	good verdict = iota
	malformed
	tooDeep
)

// checkObject says whether a text of valid UTF-8 is the JSON of one object
// nested at most MaxDepth deep.
func checkObject(text string) verdict {
	s := scan{text: text}
	s.space()
	if s.peek() != '{' {
		return malformed
	}
	s.value(0)
	s.space()
	if s.verdict == good && s.at != len(text) {
		return malformed
	}
	return s.verdict
}

// A scan goes over JSON text. After the first fault it stands still at the end.
type scan struct {
	text    string
	at      int
	verdict verdict
}

func (s *scan) fail(v verdict) {
	if s.verdict == good {
		s.verdict = v
	}
	s.at = len(s.text)
}

// peek returns the byte to come, 0 at the end.
func (s *scan) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// take moves over c if it comes.
func (s *scan) take(c byte) bool {
	if s.peek() != c || s.at == len(s.text) {
		return false
	}
	s.at++
	return true
}

func (s *scan) want(c byte) {
	if !s.take(c) {
		s.fail(malformed)
	}
}

func (s *scan) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// value moves over a value that stands inside depth others.
func (s *scan) value(depth int) {
	switch c := s.peek(); {
	case c == '{':
		s.list('}', depth+1, s.member)
	case c == '[':
		s.list(']', depth+1, s.value)
	case c == '"':
		s.string()
	case c == 't':
		s.word("true")
	case c == 'f':
		s.word("false")
	case c == 'n':
		s.word("null")
	default:
		s.number()
	}
}

// list moves over an array or an object, the opening included; depth counts
// itself.
func (s *scan) list(end byte, depth int, item func(depth int)) {
	if depth > MaxDepth {
		s.fail(tooDeep)
		return
	}
	s.at++
	s.space()
	if s.take(end) {
		return
	}
	for s.verdict == good {
		item(depth)
		s.space()
		if s.take(end) {
			return
		}
		s.want(',')
		s.space()
	}
}

func (s *scan) member(depth int) {
	s.string()
	s.space()
	s.want(':')
	s.space()
	s.value(depth)
}

func (s *scan) word(w string) {
	if len(s.text)-s.at < len(w) || s.text[s.at:s.at+len(w)] != w {
		s.fail(malformed)
		return
	}
	s.at += len(w)
}

func (s *scan) string() {
	s.want('"')
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return
		case c < 0x20:
			s.fail(malformed)
		case c == '\\':
			s.escape()
		}
	}
	s.fail(malformed)
}

// escape moves over what follows a backslash.
func (s *scan) escape() {
	switch c := s.peek(); c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
	case 'u':
		s.at++
		for range 4 {
			if !hexDigit(s.peek()) {
				s.fail(malformed)
				return
			}
			s.at++
		}
	default:
		s.fail(malformed)
	}
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func (s *scan) number() {
	s.take('-')
	if !s.take('0') {
		s.digits()
	}
	if s.take('.') {
		s.digits()
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		s.digits()
	}
}

// digits moves over at least one digit.
func (s *scan) digits() {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	if s.at == start {
		s.fail(malformed)
	}
}
