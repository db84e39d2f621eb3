package rpc

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/spectralnotify/spectralnotify/internal/canonical"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// jsonText returns the JSON of a struct in one canonical form: compact, keys
// sorted by their bytes, numbers in their shortest form. It is "" for nil, and
// "{}" for an empty struct. What JSON cannot say, and what is over the limits of
// metadata, is refused by a *rule.Error that names field; no more than the limit
// is ever built.
func jsonText(s *structpb.Struct, field string) (string, error) {
	if s == nil {
		return "", nil
	}
	w := jsonWriter{field: field}
	if err := w.object(s, 1); err != nil {
		return "", err
	}
	return string(w.dst), nil
}

// A jsonWriter builds the text of one struct.
type jsonWriter struct {
	dst   []byte
	field string
}

// room reports whether n more bytes may be built.
func (w *jsonWriter) room(n int) error {
	if n > task.MaxMetadata-len(w.dst) {
		return task.TooLarge(w.field)
	}
	return nil
}

func (w *jsonWriter) add(s string) error {
	if err := w.room(len(s)); err != nil {
		return err
	}
	w.dst = append(w.dst, s...)
	return nil
}

// object writes a struct; depth counts itself.
func (w *jsonWriter) object(s *structpb.Struct, depth int) error {
	fields := s.GetFields()
	if depth > task.MaxDepth {
		return task.TooDeep(w.field)
	}
	// A member takes at least 5 bytes: ,"":0
	if err := w.room(1 + 5*len(fields)); err != nil {
		return err
	}
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	sep := "{"
	for _, k := range keys {
		if err := w.add(sep); err != nil {
			return err
		}
		sep = ","
		if err := w.member(k, fields[k], depth); err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		return w.add("{}")
	}
	return w.add("}")
}

func (w *jsonWriter) member(key string, v *structpb.Value, depth int) error {
	if err := w.string(key); err != nil {
		return err
	}
	if err := w.add(":"); err != nil {
		return err
	}
	return w.value(v, depth)
}

func (w *jsonWriter) list(l *structpb.ListValue, depth int) error {
	values := l.GetValues()
	if depth > task.MaxDepth {
		return task.TooDeep(w.field)
	}
	sep := "["
	for _, v := range values {
		if err := w.add(sep); err != nil {
			return err
		}
		sep = ","
		if err := w.value(v, depth); err != nil {
			return err
		}
	}
	if len(values) == 0 {
		return w.add("[]")
	}
	return w.add("]")
}

// value writes a value that stands inside depth others.
func (w *jsonWriter) value(v *structpb.Value, depth int) error {
	switch k := v.GetKind().(type) {
	case *structpb.Value_NullValue:
		return w.add("null")
	case *structpb.Value_BoolValue:
		return w.add(strconv.FormatBool(k.BoolValue))
	case *structpb.Value_NumberValue:
		return w.number(k.NumberValue)
	case *structpb.Value_StringValue:
		return w.string(k.StringValue)
	case *structpb.Value_StructValue:
		return w.object(k.StructValue, depth+1)
	case *structpb.Value_ListValue:
		return w.list(k.ListValue, depth+1)
	}
	return rule.Invalid(w.field, "has a value of no kind; send null for none")
}

func (w *jsonWriter) string(s string) error {
	if err := w.room(len(s) + 2); err != nil {
		return err
	}
	if !utf8.ValidString(s) {
		return rule.Invalid(w.field, "is not valid UTF-8; encode it as UTF-8")
	}
	w.dst = canonical.AppendString(w.dst, s)
	return w.room(0) // escapes may have made it longer
}

// number writes a number so that a reader of 64-bit floats gets the same one.
func (w *jsonWriter) number(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return rule.Invalid(w.field, "has a number that is NaN or infinite; JSON has none: send null or a string")
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	var buf [32]byte
	return w.add(string(strconv.AppendFloat(buf[:0], f, format, -1, 64)))
}
