package protojson

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Append appends the JSON of a message to dst: without white space, fields in
// the order of their declaration, keys of a Struct sorted. A message that has no
// JSON, such as one with text that is not UTF-8, is the library's error, and dst
// is then as long as it was.
func Append(dst []byte, m proto.Message) ([]byte, error) {
	if out, ok := planOf(m.ProtoReflect().Descriptor()).append(dst, m.ProtoReflect()); ok {
		return out, nil
	}
	return protojson.MarshalOptions{}.MarshalAppend(dst, m)
}

// The functions below return false if the library has to write the message.

func (p *plan) append(dst []byte, m protoreflect.Message) ([]byte, bool) {
	if p.leave {
		return dst, false
	}
	dst = append(dst, '{')
	for i := range p.fields {
		f := &p.fields[i]
		if !m.Has(f.fd) {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, f.label...)
		var ok bool
		if f.list {
			dst, ok = f.appendList(dst, m.Get(f.fd).List())
		} else {
			dst, ok = f.append(dst, m.Get(f.fd))
		}
		if !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

func (f *field) appendList(dst []byte, l protoreflect.List) ([]byte, bool) {
	dst = append(dst, '[')
	for i := range l.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = f.append(dst, l.Get(i)); !ok {
			return dst, false
		}
	}
	return append(dst, ']'), true
}

func (f *field) append(dst []byte, v protoreflect.Value) ([]byte, bool) {
	switch f.kind {
	case boolean:
		return strconv.AppendBool(dst, v.Bool()), true
	case int32s:
		return strconv.AppendInt(dst, v.Int(), 10), true
	case int64s:
		return append(strconv.AppendInt(append(dst, '"'), v.Int(), 10), '"'), true
	case text:
		return appendText(dst, v.String())
	case enum:
		if name, ok := f.names[v.Enum()]; ok {
			return append(dst, name...), true
		}
		return strconv.AppendInt(dst, int64(v.Enum()), 10), true
	case message:
		return f.of.append(dst, v.Message())
	case timestamp:
		return appendTime(dst, v.Message().Interface().(*timestamppb.Timestamp))
	case structure:
		return appendStruct(dst, v.Message().Interface().(*structpb.Struct))
	}
	return dst, false
}

// appendTime writes 0, 3, 6 or 9 digits of the second's fraction.
func appendTime(dst []byte, t *timestamppb.Timestamp) ([]byte, bool) {
	if t.CheckValid() != nil {
		return dst, false
	}
	at := t.AsTime()
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	dst = digits(append(dst, '"'), year, 4)
	dst = digits(append(dst, '-'), int(month), 2)
	dst = digits(append(dst, '-'), day, 2)
	dst = digits(append(dst, 'T'), hour, 2)
	dst = digits(append(dst, ':'), minute, 2)
	dst = digits(append(dst, ':'), second, 2)
	switch n := int(t.GetNanos()); {
	case n == 0:
	case n%1_000_000 == 0:
		dst = digits(append(dst, '.'), n/1_000_000, 3)
	case n%1_000 == 0:
		dst = digits(append(dst, '.'), n/1_000, 6)
	default:
		dst = digits(append(dst, '.'), n, 9)
	}
	return append(dst, 'Z', '"'), true
}

// digits writes n with so many digits.
func digits(dst []byte, n, width int) []byte {
	dst = append(dst, "000000000"[:width]...)
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

func appendStruct(dst []byte, s *structpb.Struct) ([]byte, bool) {
	keys := make([]string, 0, len(s.GetFields()))
	for k := range s.GetFields() {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = appendText(dst, k); !ok {
			return dst, false
		}
		if dst, ok = appendValue(append(dst, ':'), s.GetFields()[k]); !ok {
			return dst, false
		}
	}
	return append(dst, '}'), true
}

func appendValue(dst []byte, v *structpb.Value) ([]byte, bool) {
	switch k := v.GetKind().(type) {
	case *structpb.Value_NullValue:
		return append(dst, "null"...), true
	case *structpb.Value_BoolValue:
		return strconv.AppendBool(dst, k.BoolValue), true
	case *structpb.Value_StringValue:
		return appendText(dst, k.StringValue)
	case *structpb.Value_StructValue:
		return appendStruct(dst, k.StructValue)
	case *structpb.Value_NumberValue:
		// The library has exponents beyond these, and errors for what is no number.
		if a := math.Abs(k.NumberValue); a == 0 || a >= 1e-6 && a < 1e21 {
			return strconv.AppendFloat(dst, k.NumberValue, 'f', -1, 64), true
		}
	case *structpb.Value_ListValue:
		dst = append(dst, '[')
		for i, x := range k.ListValue.GetValues() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var ok bool
			if dst, ok = appendValue(dst, x); !ok {
				return dst, false
			}
		}
		return append(dst, ']'), true
	}
	return dst, false
}

const hex = "0123456789abcdef"

func appendText(dst []byte, s string) ([]byte, bool) {
	if !utf8.ValidString(s) {
		return dst, false
	}
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(append(dst, s[start:i]...), '\\')
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, c)
		case '\b':
			dst = append(dst, 'b')
		case '\f':
			dst = append(dst, 'f')
		case '\n':
			dst = append(dst, 'n')
		case '\r':
			dst = append(dst, 'r')
		case '\t':
			dst = append(dst, 't')
		default:
			dst = append(dst, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"'), true
}
