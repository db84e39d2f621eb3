package rpc

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

func nest(depth int) *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for range depth - 1 {
		s = &structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewStructValue(s)}}
	}
	return s
}

func nestLists(depth int) *structpb.Struct {
	v := structpb.NewListValue(&structpb.ListValue{})
	for range depth - 2 {
		v = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{v}})
	}
	return with(v)
}

func with(v *structpb.Value) *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{"a": v}}
}

func TestJSONTextIsCanonical(t *testing.T) {
	for name, c := range map[string]struct {
		in   *structpb.Struct
		want string
	}{
		"nothing is empty":                     {nil, ""},
		"an empty struct stays":                {&structpb.Struct{}, "{}"},
		"keys are sorted by bytes":             {protoOf(t, &structpb.Struct{}, `{"b":1,"a":2,"B":3,"é":4,"":5}`), `{"":5,"B":3,"a":2,"b":1,"é":4}`},
		"every kind of value":                  {protoOf(t, &structpb.Struct{}, `{"l":[1, null ,true,{"x":[]}],"f":false,"s":"t"}`), `{"f":false,"l":[1,null,true,{"x":[]}],"s":"t"}`},
		"whole numbers have no point":          {with(structpb.NewNumberValue(1e20)), `{"a":100000000000000000000}`},
		"large numbers have an exponent":       {with(structpb.NewNumberValue(1e21)), `{"a":1e+21}`},
		"small numbers have an exponent":       {with(structpb.NewNumberValue(1e-7)), `{"a":1e-07}`},
		"fractions are shortest":               {with(structpb.NewNumberValue(0.1)), `{"a":0.1}`},
		"text keeps what JSON need not escape": {with(structpb.NewStringValue("<é\u2028\"\\\n\x01")), `{"a":"<é` + "\u2028" + `\"\\\n\u0001"}`},
		"32 levels of structs":                 {nest(32), strings.Repeat(`{"a":`, 31) + "{}" + strings.Repeat("}", 31)},
		"32 levels with lists":                 {nestLists(32), `{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + "}"},
		"64 KiB to the byte":                   {with(structpb.NewStringValue(strings.Repeat("x", task.MaxMetadata-8))), `{"a":"` + strings.Repeat("x", task.MaxMetadata-8) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jsonText(c.in, "metadata")
			if err != nil || got != c.want {
				t.Fatalf("got %.200q, %v", got, err)
			}
			if err := task.ValidMetadata("metadata", got); err != nil {
				t.Errorf("the rules refuse it: %v", err)
			}
			if c.in != nil {
				same(t, toStruct(got), c.in)
			}
		})
	}
}

func TestJSONTextRefusesWhatCannotBeKept(t *testing.T) {
	many := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for i := range 20_000 {
		many.Fields[fmt.Sprint(i)] = structpb.NewNullValue()
	}
	long := &structpb.ListValue{}
	for range 40_000 {
		long.Values = append(long.Values, structpb.NewNumberValue(1))
	}
	for name, c := range map[string]struct {
		in  *structpb.Struct
		fix string
	}{
		"NaN":                        {with(structpb.NewNumberValue(math.NaN())), "send null or a string"},
		"infinity":                   {with(structpb.NewNumberValue(math.Inf(-1))), "send null or a string"},
		"text that is not UTF-8":     {with(structpb.NewStringValue("\xff")), "encode it as UTF-8"},
		"a key that is not UTF-8":    {&structpb.Struct{Fields: map[string]*structpb.Value{"\xff": structpb.NewNullValue()}}, "encode it as UTF-8"},
		"a value of no kind":         {with(&structpb.Value{}), "send null for none"},
		"a value that is nil":        {with(nil), "send null for none"},
		"33 levels of structs":       {nest(33), "flatten it"},
		"33 levels with lists":       {nestLists(33), "flatten it"},
		"1000 levels":                {nest(1000), "flatten it"},
		"a byte over 64 KiB":         {with(structpb.NewStringValue(strings.Repeat("x", task.MaxMetadata-7))), "keep large data elsewhere"},
		"over 64 KiB by its escapes": {with(structpb.NewStringValue(strings.Repeat("\x01", task.MaxMetadata/6))), "keep large data elsewhere"},
		"over 64 KiB by its fields":  {many, "keep large data elsewhere"},
		"over 64 KiB by its items":   {with(structpb.NewListValue(long)), "keep large data elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jsonText(c.in, "events[3].metadata")
			var e *rule.Error
			if !errors.As(err, &e) || !errors.Is(err, rule.ErrInvalid) {
				t.Fatalf("got %.100q, %v", got, err)
			}
			if e.Field != "events[3].metadata" || !strings.HasPrefix(e.Text, e.Field+" ") || !strings.Contains(e.Text, c.fix) {
				t.Errorf("field %q, text %q", e.Field, e.Text)
			}
		})
	}
}

// TestJSONTextNeverBuildsMoreThanTheLimit measures what a refusal allocates.
func TestJSONTextNeverBuildsMoreThanTheLimit(t *testing.T) {
	parts := &structpb.ListValue{}
	for range 1000 {
		parts.Values = append(parts.Values, structpb.NewStringValue(strings.Repeat("x", 1000)))
	}
	w := jsonWriter{field: "metadata"}
	err := w.object(with(structpb.NewListValue(parts)), 1)
	if !errors.Is(err, rule.ErrInvalid) {
		t.Fatal(err)
	}
	if len(w.dst) > task.MaxMetadata {
		t.Errorf("built %d bytes", len(w.dst))
	}
}

func randomValue(r *rand.Rand, depth int) *structpb.Value {
	switch n := r.IntN(7); {
	case n == 0:
		return structpb.NewNullValue()
	case n == 1:
		return structpb.NewBoolValue(r.IntN(2) == 0)
	case n == 2:
		return structpb.NewNumberValue(float64(r.IntN(1000)))
	case n == 3:
		for {
			if f := math.Float64frombits(r.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
				return structpb.NewNumberValue(f)
			}
		}
	case n == 4 || depth == 0:
		return structpb.NewStringValue(randomText(r))
	case n == 5:
		return structpb.NewStructValue(randomStruct(r, depth-1))
	}
	l := &structpb.ListValue{}
	for range r.IntN(4) {
		l.Values = append(l.Values, randomValue(r, depth-1))
	}
	return structpb.NewListValue(l)
}

func randomStruct(r *rand.Rand, depth int) *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for range r.IntN(5) {
		s.Fields[randomText(r)] = randomValue(r, depth)
	}
	return s
}

func randomText(r *rand.Rand) string {
	letters := []rune("ab\"\\\n\x00\x7f\u2028é日😀{}[],:/")
	out := make([]rune, r.IntN(6))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

func TestAnyStructComesBack(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 3000 {
		s := randomStruct(r, 4)
		text, err := jsonText(s, "metadata")
		if err != nil {
			t.Fatal(err)
		}
		if err := task.ValidMetadata("metadata", text); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		same(t, toStruct(text), s)
		again, err := jsonText(toStruct(text), "metadata")
		if err != nil || again != text {
			t.Fatalf("%s came back as %s, %v", text, again, err)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

func TestAnyAcceptedTextIsRead(t *testing.T) {
	for text, want := range map[string]string{
		" {\t\"a\" : [ 1 ,\n-2.5e+3 , true,false , null ,{ } , [ ] ] , \"b\":\"c\" }\r\n": `{"a":[1,-2500,true,false,null,{},[]],"b":"c"}`,
		`{"\u00e9\n":"\ud83d\ude00\/\b\f"}`:                                               `{"é\n":"😀/\u0008\u000c"}`,
		`{"a":"\ud800"}`:                                                                  "{\"a\":\"\ufffd\"}",
		`{"a":1,"a":2}`:                                                                   `{"a":2}`,
		`{"a":-0}`:                                                                        `{"a":-0}`,
	} {
		if err := task.ValidMetadata("metadata", text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, err := jsonText(toStruct(text), "metadata"); err != nil || got != want {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
}

func TestTextThatWasNeverAcceptedIsNotServed(t *testing.T) {
	for _, text := range []string{
		" ", "[]", "{", "}", "{} {}", `{"a"}`, `{"a":1,}`, `{"a":tru}`, `{"a":"`, `{"a":"\`, `{"a":"\"`, `{"a":"\x"}`, `{"a":-}`, `{"a":1e400}`, `{"a":[1}`, `{a:1}`, `{"a":}`,
	} {
		t.Run(text, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was read")
				}
			}()
			toStruct(text)
		})
	}
}

func BenchmarkJSONText(b *testing.B) {
	s, _ := structpb.NewStruct(map[string]any{"step": "encode", "frame": 1234, "ok": true, "tags": []any{"a", "b"}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jsonText(s, "metadata"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkToStruct(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		toStruct(`{"frame":1234,"ok":true,"step":"encode","tags":["a","b"]}`)
	}
}
