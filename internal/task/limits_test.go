package task

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

func TestIDs(t *testing.T) {
	for name, id := range map[string]string{
		"one byte":                      "a",
		"a path upwards":                "../../etc/passwd",
		"a slash":                       "a/b",
		"unicode":                       "日本 😀 é",
		"spaces and quotes":             ` "'; `,
		"256 bytes":                     strings.Repeat("x", 256),
		"the character U+FFFD":          "\ufffd",
		"no-break space, just above C1": "\u00a0",
		"the line separator":            "\u2028",
	} {
		if err := ValidID(id); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
	for name, id := range map[string]string{
		"empty":           "",
		"257 bytes":       strings.Repeat("x", 257),
		"257 bytes of é":  strings.Repeat("é", 128) + "x",
		"NUL":             "a\x00b",
		"newline":         "a\nb",
		"DEL":             "a\x7f",
		"C1":              "a\u0080",
		"the last of C1":  "\u009f",
		"not UTF-8":       "a\xff",
		"half a rune":     "é"[:1],
		"a surrogate":     "\xed\xa0\x80",
		"an overlong NUL": "\xc0\x80",
	} {
		refused(t, name, ValidID(id), "task_id")
	}
}

// refused checks that err names the field, in its text too.
func refused(t *testing.T, name string, err error, field string) {
	t.Helper()
	var e *rule.Error
	if !errors.As(err, &e) || !errors.Is(err, rule.ErrInvalid) {
		t.Errorf("%s: got %v", name, err)
		return
	}
	if e.Field != field || !strings.HasPrefix(e.Text, field+" ") {
		t.Errorf("%s: field %q, text %q", name, e.Field, e.Text)
	}
}

func TestWhatACommandMayCarry(t *testing.T) {
	long := strings.Repeat("x", rule.MaxText)
	for name, cmd := range map[string]Command{
		"12 tags of 128 bytes": Create{ID: "t", Tags: []string{
			strings.Repeat("a", 128), "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l",
		}},
		"a type of 128 bytes":        Create{ID: "t", Type: strings.Repeat("t", 128)},
		"progress 100 at creation":   Create{ID: "t", Progress: 100},
		"100 events":                 AddEvents{Events: make([]NewEvent, 100)},
		"a message of 16 KiB":        SetProgress{Message: long},
		"an error of 16 KiB":         Fail{Error: long},
		"a message of many lines":    note(NewEvent{Message: "a\nb\x00"}),
		"metadata of 64 KiB":         Complete{Result: `{"a":"` + strings.Repeat("x", MaxMetadata-8) + `"}`},
		"metadata of 32 levels":      Cancel{Result: nested(32)},
		"progress that is not meant": note(NewEvent{Progress: 1000}),
	} {
		if err := cmd.check(); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
}

// nested is an object of depth levels.
func nested(depth int) string {
	return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}"
}

func TestWhatACommandMayNotCarry(t *testing.T) {
	long := strings.Repeat("x", rule.MaxText+1)
	one := func(e NewEvent) AddEvents { return AddEvents{One: true, Events: []NewEvent{e}} }
	third := func(e NewEvent) AddEvents { return AddEvents{Events: []NewEvent{{}, {}, e}} }
	for name, c := range map[string]struct {
		cmd   Command
		field string
	}{
		"no id":                        {Create{}, "task_id"},
		"a bad id":                     {Create{ID: "\n"}, "task_id"},
		"creation as ended":            {Create{ID: "t", Status: Success}, "status"},
		"creation in no status":        {Create{ID: "t", Status: 255}, "status"},
		"progress 101 at creation":     {Create{ID: "t", Progress: 101}, "progress"},
		"13 tags":                      {Create{ID: "t", Tags: make([]string, 13)}, "tags"},
		"an empty tag":                 {Create{ID: "t", Tags: []string{"a", ""}}, "tags[1]"},
		"a tag of 129 bytes":           {Create{ID: "t", Tags: []string{strings.Repeat("a", 129)}}, "tags[0]"},
		"a control character in a tag": {Create{ID: "t", Tags: []string{"a\u0085"}}, "tags[0]"},
		"a type of 129 bytes":          {Create{ID: "t", Type: strings.Repeat("t", 129)}, "type"},
		"a type that is not UTF-8":     {Create{ID: "t", Type: "\xff"}, "type"},
		"metadata that is a list":      {Create{ID: "t", Metadata: "[]"}, "metadata"},
		"no events":                    {AddEvents{}, "events"},
		"101 events":                   {AddEvents{Events: make([]NewEvent, 101)}, "events"},
		"an event of no type":          {one(NewEvent{Type: 5}), "event.event_type"},
		"an event of 101 %":            {one(NewEvent{Progress: 101, HasProgress: true}), "event.progress"},
		"an event of -1 %":             {third(NewEvent{Progress: -1, HasProgress: true}), "events[2].progress"},
		"an event's message too long":  {third(NewEvent{Message: long}), "events[2].message"},
		"an event's message no UTF-8":  {one(NewEvent{Message: "\xff"}), "event.message"},
		"an event's metadata no JSON":  {third(NewEvent{Metadata: "{"}), "events[2].metadata"},
		"progress -1":                  {SetProgress{Progress: -1}, "progress"},
		"progress 101":                 {SetProgress{Progress: 101}, "progress"},
		"a message over 16 KiB":        {SetProgress{Message: long}, "message"},
		"metadata no UTF-8":            {SetProgress{Metadata: "{\"a\":\"\xff\"}"}, "metadata"},
		"a failure without a reason":   {Fail{}, "error"},
		"an error over 16 KiB":         {Fail{Error: long}, "error"},
		"an error that is not UTF-8":   {Fail{Error: "\xff"}, "error"},
		"a result of a failure":        {Fail{Error: "e", Result: "1"}, "metadata"},
		"a result over 64 KiB":         {Complete{Result: `{"a":"` + strings.Repeat("x", MaxMetadata-7) + `"}`}, "metadata"},
		"a result of 33 levels":        {Cancel{Result: nested(33)}, "metadata"},
	} {
		refused(t, name, c.cmd.check(), c.field)
		if _, err := Apply(nil, c.cmd, 1, ""); !errors.Is(err, rule.ErrInvalid) {
			t.Errorf("%s: Apply: %v", name, err)
		}
	}
}

func TestMetadataIsOneJSONObject(t *testing.T) {
	for _, text := range append(jsonObjects, "") {
		if err := ValidMetadata("metadata", text); err != nil {
			t.Errorf("%q is refused: %v", text, err)
		}
	}
	for _, text := range notJSONObjects {
		refused(t, text, ValidMetadata("metadata", text), "metadata")
	}
}

var jsonObjects = []string{
	"{}", " { } ", `{"a":1}`, "\t{\"a\" : [ 1 , -0.5e+3 ] }\n", `{"a":"\"\\\/\b\f\n\r\t\u00e9"}`,
	`{"a":true,"b":false,"c":null}`, `{"a":{},"a":[]}`, `{"":0}`, `{"é":"日"}`, `{"a":1E5,"b":10.25}`,
}

var notJSONObjects = []string{
	" ", "[]", "1", `"a"`, "null", "{", "}", "{}{}", "{} x", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{'a':1}`,
	`{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":-}`, `{"a":1e}`, `{"a":NaN}`, `{"a":tru}`, `{"a":"`, `{"a":"\x"}`,
	`{"a":"\u12g4"}`, `{"a":"\u1`, "{\"a\":\"\n\"}", `{"a":[1,]}`, `{"a":[1 2]}`, `{"a" 1}`, "{\x00}", `{"a":1]`, `{"a":"b\`, "\x00",
}

// FuzzObject compares checkObject with the standard library.
func FuzzObject(f *testing.F) {
	for _, text := range append(jsonObjects, notJSONObjects...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := checkObject(text)
		if got == tooDeep {
			return // what follows is not looked at
		}
		want := json.Valid([]byte(text)) && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
		if (got == good) != want {
			t.Errorf("%q: %v", text, got)
		}
	})
}

// TestDepthIsCounted: objects and arrays count alike, the outermost included.
func TestDepthIsCounted(t *testing.T) {
	for depth := 1; depth < 40; depth++ {
		objects := strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
		for _, text := range []string{nested(depth), objects} {
			if deep := checkObject(text) == tooDeep; deep != (depth > MaxDepth) {
				t.Errorf("%d levels: %v", depth, checkObject(text))
			}
		}
	}
}
