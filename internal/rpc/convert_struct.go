package rpc

import (
	"encoding/json"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"
)

// toStruct returns the struct of JSON text that was accepted once; nil for "".
// It panics if the text is not that of an object, for then it was not accepted.
//
// It is by hand since metadata is read again for every answer and every watcher:
// by way of encoding/json it takes more than three times as long.
func toStruct(text string) *structpb.Struct {
	if text == "" {
		return nil
	}
	p := structParser{text: text}
	p.space()
	s := p.object()
	p.space()
	if p.at != len(text) {
		p.broken()
	}
	return s
}

// A structParser reads JSON text. Strings of the text are not copied.
type structParser struct {
	text string
	at   int
}

// broken ends the reading of text that is not JSON. It does not show the text.
func (p *structParser) broken() {
	panic(fmt.Sprintf("rpc: kept metadata is not JSON of an object: at byte %d of %d", p.at, len(p.text)))
}

func (p *structParser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// peek returns the byte to come, 0 at the end.
func (p *structParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// want moves over w, which must come, and space after it.
func (p *structParser) want(w string) {
	if len(p.text)-p.at < len(w) || p.text[p.at:p.at+len(w)] != w {
		p.broken()
	}
	p.at += len(w)
	p.space()
}

// next moves over a comma or over end, whichever comes, and says whether it was
// the comma.
func (p *structParser) next(end string) bool {
	p.space()
	if p.peek() == ',' {
		p.want(",")
		return true
	}
	p.want(end)
	return false
}

func (p *structParser) object() *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	p.want("{")
	if p.peek() == '}' {
		p.want("}")
		return s
	}
	for {
		key := p.string()
		p.space()
		p.want(":")
		s.Fields[key] = p.value()
		if !p.next("}") {
			return s
		}
	}
}

func (p *structParser) list() *structpb.ListValue {
	l := &structpb.ListValue{}
	p.want("[")
	if p.peek() == ']' {
		p.want("]")
		return l
	}
	for {
		l.Values = append(l.Values, p.value())
		if !p.next("]") {
			return l
		}
	}
}

func (p *structParser) value() *structpb.Value {
	switch p.peek() {
	case '{':
		return structpb.NewStructValue(p.object())
	case '[':
		return structpb.NewListValue(p.list())
	case '"':
		return structpb.NewStringValue(p.string())
	case 't':
		p.want("true")
		return structpb.NewBoolValue(true)
	case 'f':
		p.want("false")
		return structpb.NewBoolValue(false)
	case 'n':
		p.want("null")
		return structpb.NewNullValue()
	}
	return structpb.NewNumberValue(p.number())
}

func (p *structParser) number() float64 {
	start := p.at
	for p.at < len(p.text) && numeric(p.text[p.at]) {
		p.at++
	}
	f, err := strconv.ParseFloat(p.text[start:p.at], 64)
	if err != nil {
		p.broken()
	}
	return f
}

func numeric(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

func (p *structParser) string() string {
	if p.peek() != '"' {
		p.broken()
	}
	escaped := false
	for start := p.at; ; {
		p.at++
		switch p.peek() {
		case '"':
			p.at++
			if escaped {
				return p.unescape(p.text[start:p.at])
			}
			return p.text[start+1 : p.at-1]
		case '\\':
			escaped = true
			p.at++
		case 0:
			p.broken() // at the end, or an unescaped NUL
		}
	}
}

// unescape returns the text of a JSON string, its quotes included.
func (p *structParser) unescape(quoted string) string {
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		p.broken()
	}
	return s
}
