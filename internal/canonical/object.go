package canonical

import "strconv"

// An Object is a JSON object that is being written, its fields in the order of the
// calls. Those of a zero value are left out.
type Object struct{ dst []byte }

// Append begins an object at the end of dst. End ends it.
func Append(dst []byte) Object { return Object{append(dst, '{')} }

// End returns what was appended to, with the object at its end.
func (o *Object) End() []byte { return append(o.dst, '}') }

func (o *Object) name(name string) {
	if o.dst[len(o.dst)-1] != '{' {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(o.dst, '"')
	o.dst = append(o.dst, name...)
	o.dst = append(o.dst, '"', ':')
}

// Always writes a number, also 0.
func (o *Object) Always(name string, n int64) {
	o.name(name)
	o.dst = strconv.AppendInt(o.dst, n, 10)
}

// Number writes a number.
func (o *Object) Number(name string, n int64) {
	if n != 0 {
		o.Always(name, n)
	}
}

// Text writes a string.
func (o *Object) Text(name, s string) {
	if s != "" {
		o.name(name)
		o.dst = AppendString(o.dst, s)
	}
}

// Texts writes an array of strings.
func (o *Object) Texts(name string, list []string) {
	if len(list) > 0 {
		o.name(name)
		o.dst = AppendStrings(o.dst, list)
	}
}

// AppendStrings appends a JSON array of strings.
func AppendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, s)
	}
	return append(dst, ']')
}
