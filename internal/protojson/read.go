package protojson

import (
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
)

// Read makes m the message that data is the JSON of. Unknown fields are skipped:
// who wrote them may be newer. Errors are the library's; m is then undefined.
func Read(data []byte, m proto.Message) error {
	proto.Reset(m)
	r := reader{data: data}
	if r.space(); r.message(planOf(m.ProtoReflect().Descriptor()), m.ProtoReflect(), 0) {
		if r.space(); r.at == len(data) {
			return nil
		}
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, m)
}

// maxDepth is how deep a message may nest before it is left to the library.
const maxDepth = 64

// A reader reads JSON. Its methods return false if the library has to read it
// all: for what they do not know as well as for what is wrong.
type reader struct {
	data []byte
	at   int
}

func (r *reader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// take moves over c and the space after it, if c comes.
func (r *reader) take(c byte) bool {
	if r.at == len(r.data) || r.data[r.at] != c {
		return false
	}
	r.at++
	r.space()
	return true
}

// word moves over w and the space after it, if w comes.
func (r *reader) word(w string) bool {
	if len(r.data)-r.at < len(w) || string(r.data[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	r.space()
	return true
}

// each reads what stands between open and end, commas between it.
func (r *reader) each(open, end byte, one func() bool) bool {
	if !r.take(open) {
		return false
	}
	if r.take(end) {
		return true
	}
	for one() {
		if !r.take(',') {
			return r.take(end)
		}
	}
	return false
}

func (r *reader) message(p *plan, m protoreflect.Message, depth int) bool {
	if p.leave || depth > maxDepth {
		return false
	}
	var seen uint64 // by the field's index
	return r.each('{', '}', func() bool {
		name, ok := r.raw()
		if !ok || !r.take(':') {
			return false
		}
		f := p.named[string(name)]
		if f == nil || seen&f.bit != 0 {
			return false
		}
		seen |= f.bit
		if o := f.fd.ContainingOneof(); o != nil && m.WhichOneof(o) != nil {
			return false
		}
		if f.list {
			l := m.Mutable(f.fd).List()
			return r.each('[', ']', func() bool {
				v, ok := r.value(f, l.NewElement, depth)
				if ok {
					l.Append(v)
				}
				return ok
			})
		}
		v, ok := r.value(f, func() protoreflect.Value { return m.NewField(f.fd) }, depth)
		if ok {
			m.Set(f.fd, v)
		}
		return ok
	})
}

// value reads one value of a field; empty makes one for a message.
func (r *reader) value(f *field, empty func() protoreflect.Value, depth int) (v protoreflect.Value, ok bool) {
	switch f.kind {
	case boolean:
		if r.word("true") {
			return protoreflect.ValueOfBool(true), true
		}
		return protoreflect.ValueOfBool(false), r.word("false")
	case int32s:
		n, ok := r.integer(9)
		r.space()
		return protoreflect.ValueOfInt32(int32(n)), ok
	case int64s:
		quoted := r.at < len(r.data) && r.data[r.at] == '"'
		if quoted {
			r.at++
		}
		n, ok := r.integer(15)
		ok = ok && (!quoted || r.at < len(r.data) && r.data[r.at] == '"')
		if quoted {
			r.at++
		}
		r.space()
		return protoreflect.ValueOfInt64(n), ok
	case text:
		s, ok := r.text()
		return protoreflect.ValueOfString(s), ok
	case enum:
		name, ok := r.raw()
		if !ok {
			return v, false
		}
		n, ok := f.enum[string(name)]
		return protoreflect.ValueOfEnum(n), ok
	case message:
		v = empty()
		return v, r.message(f.of, v.Message(), depth+1)
	case structure:
		v = empty()
		return v, r.structure(v.Message().Interface().(*structpb.Struct), depth+1)
	}
	return v, false
}

// integer reads a number of at most so many digits, and nothing that may go on as
// another sort of number.
func (r *reader) integer(digits int) (n int64, ok bool) {
	negative := r.at < len(r.data) && r.data[r.at] == '-'
	if negative {
		r.at++
	}
	start := r.at
	for r.at < len(r.data) && '0' <= r.data[r.at] && r.data[r.at] <= '9' {
		n = 10*n + int64(r.data[r.at]-'0')
		r.at++
		if r.at-start > digits {
			return 0, false
		}
	}
	if r.at == start || r.data[start] == '0' && (r.at-start > 1 || negative) {
		return 0, false
	}
	if r.at < len(r.data) && (r.data[r.at] == '.' || r.data[r.at] == 'e' || r.data[r.at] == 'E') {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

// raw reads a string without escapes, and the space after it. It is part of the
// data.
func (r *reader) raw() ([]byte, bool) {
	if r.at == len(r.data) || r.data[r.at] != '"' {
		return nil, false
	}
	start := r.at + 1
	for i := start; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			r.at = i + 1
			r.space()
			return r.data[start:i], true
		case c == '\\' || c < ' ':
			return nil, false
		}
	}
	return nil, false
}

func (r *reader) text() (string, bool) {
	b, ok := r.raw()
	if !ok || !utf8.Valid(b) {
		return "", false
	}
	return string(b), true
}

func (r *reader) structure(s *structpb.Struct, depth int) bool {
	if depth > maxDepth {
		return false
	}
	s.Fields = map[string]*structpb.Value{}
	return r.each('{', '}', func() bool {
		key, ok := r.text()
		if !ok || !r.take(':') {
			return false
		}
		if _, twice := s.Fields[key]; twice {
			return false
		}
		s.Fields[key], ok = r.any(depth)
		return ok
	})
}

// any reads a value of a Struct.
func (r *reader) any(depth int) (*structpb.Value, bool) {
	if depth > maxDepth || r.at == len(r.data) {
		return nil, false
	}
	switch r.data[r.at] {
	case '"':
		s, ok := r.text()
		return structpb.NewStringValue(s), ok
	case '{':
		s := &structpb.Struct{}
		return structpb.NewStructValue(s), r.structure(s, depth+1)
	case '[':
		l := &structpb.ListValue{}
		return structpb.NewListValue(l), r.each('[', ']', func() bool {
			v, ok := r.any(depth + 1)
			l.Values = append(l.Values, v)
			return ok
		})
	case 't':
		return structpb.NewBoolValue(true), r.word("true")
	case 'f':
		return structpb.NewBoolValue(false), r.word("false")
	case 'n':
		return structpb.NewNullValue(), r.word("null")
	}
	f, ok := r.number()
	return structpb.NewNumberValue(f), ok
}

// number reads an integer, or one with a fraction.
func (r *reader) number() (float64, bool) {
	start := r.at
	if n, ok := r.integer(15); ok {
		r.space()
		return float64(n), true
	}
	r.at = start
	for r.at < len(r.data) && (r.data[r.at] == '.' || r.data[r.at] == '-' || '0' <= r.data[r.at] && r.data[r.at] <= '9') {
		r.at++
	}
	b := r.data[start:r.at]
	if !plain(b) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	r.space()
	return f, err == nil
}

// plain reports whether b is a number of JSON with a fraction and without an
// exponent, and none that the library may take otherwise, such as -0.
func plain(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	dot := -1
	for i, c := range b {
		if c == '-' || c == '.' && dot >= 0 {
			return false
		}
		if c == '.' {
			dot = i
		}
	}
	return dot > 0 && dot < len(b)-1 && (dot == 1 || b[0] != '0')
}
