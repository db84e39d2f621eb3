package canonical

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Read reads an object as Object writes it, giving each field to the function that
// reads its value. It fails with journal.ErrDamaged for anything else.
func Read(data []byte, field func(r *Reader, name []byte)) error {
	r := Reader{data: data}
	r.want('{')
	if !r.take('}') {
		for {
			name := r.Bytes()
			r.want(':')
			if r.err == nil {
				field(&r, name)
			}
			if r.err != nil || r.take('}') {
				break
			}
			r.want(',')
		}
	}
	if r.err == nil && r.at != len(data) {
		r.Fail("more follows its end")
	}
	return r.err
}

// A Reader reads the JSON that this package writes, and no other. After the
// first fault it reads zero values.
type Reader struct {
	data []byte
	at   int
	err  error
}

// Fail says that what was read is not what was written.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %w", r.at, errors.Join(fmt.Errorf(format, args...), journal.ErrDamaged))
	}
}

func (r *Reader) take(c byte) bool {
	if r.err != nil || r.at == len(r.data) || r.data[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *Reader) want(c byte) {
	if !r.take(c) {
		r.Fail("%q is missing", c)
	}
}

// Number reads an integer whose magnitude is at most limit.
func (r *Reader) Number(limit int64) int64 {
	start := r.at
	r.take('-')
	for r.at < len(r.data) && '0' <= r.data[r.at] && r.data[r.at] <= '9' {
		r.at++
	}
	n, err := strconv.ParseInt(string(r.data[start:r.at]), 10, 64)
	if err != nil || n > limit || n < -limit {
		r.Fail("a number from %d to %d is missing", -limit, limit)
		return 0
	}
	return n
}

// Strings reads an array of strings; nil if it is empty.
func (r *Reader) Strings() []string {
	var list []string
	r.want('[')
	if r.take(']') {
		return nil
	}
	for r.err == nil {
		list = append(list, string(r.Bytes()))
		if r.take(']') {
			return list
		}
		r.want(',')
	}
	return nil
}

// Bytes reads a string. What it returns may be part of data.
func (r *Reader) Bytes() []byte {
	r.want('"')
	start := r.at
	for r.err == nil && r.at < len(r.data) {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.valid(r.data[start : r.at-1])
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			r.Fail("a control character is not escaped")
		default:
			r.at++
		}
	}
	r.Fail("a string does not end")
	return nil
}

// escaped reads on in a string that began at start and has an escape to come.
func (r *Reader) escaped(start int) []byte {
	out := append(make([]byte, 0, 2*(r.at-start)+32), r.data[start:r.at]...)
	for r.err == nil && r.at < len(r.data) {
		c := r.data[r.at]
		r.at++
		switch {
		case c == '"':
			return r.valid(out)
		case c == '\\':
			out = append(out, r.escape())
		case c < 0x20:
			r.Fail("a control character is not escaped")
		default:
			out = append(out, c)
		}
	}
	r.Fail("a string does not end")
	return nil
}

// escape reads what follows a backslash.
func (r *Reader) escape() byte {
	if r.at == len(r.data) {
		return 0
	}
	c := r.data[r.at]
	r.at++
	switch c {
	case '"', '\\':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'u':
		return r.control()
	}
	r.Fail("an escape is unknown")
	return 0
}

// control reads the four digits of an escaped control character.
func (r *Reader) control() byte {
	if len(r.data)-r.at < 4 {
		r.Fail("an escape is cut off")
		return 0
	}
	n, err := strconv.ParseUint(string(r.data[r.at:r.at+4]), 16, 16)
	if err != nil || n >= 0x20 {
		r.Fail("an escape is not of a control character")
		return 0
	}
	r.at += 4
	return byte(n)
}

func (r *Reader) valid(b []byte) []byte {
	if !utf8.Valid(b) {
		r.Fail("a string is not UTF-8")
	}
	return b
}
