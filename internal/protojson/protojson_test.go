package protojson_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	library "google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/protojson"
)

// types are all messages of the API.
func types() (all []protoreflect.MessageType) {
	protoregistry.GlobalTypes.RangeMessages(func(t protoreflect.MessageType) bool {
		if t.Descriptor().ParentFile().Package().Parent().Parent() == "spectralnotify" && !t.Descriptor().IsMapEntry() {
			all = append(all, t)
		}
		return true
	})
	return all
}

// fill sets about half of the fields of a message to anything.
func fill(r *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if r.IntN(2) == 0 || fd.IsMap() {
			continue
		}
		if fd.IsList() {
			l := m.Mutable(fd).List()
			for range r.IntN(3) {
				l.Append(value(r, fd, l.NewElement, depth))
			}
			continue
		}
		m.Set(fd, value(r, fd, func() protoreflect.Value { return m.NewField(fd) }, depth))
	}
}

func value(r *rand.Rand, fd protoreflect.FieldDescriptor, empty func() protoreflect.Value, depth int) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(r.IntN(2) == 0)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(integer(r)))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(integer(r))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text(r))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(r.IntN(8)))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(text(r)))
	case protoreflect.MessageKind:
		v := empty()
		switch m := v.Message().Interface().(type) {
		case *structpb.Struct:
			m.Fields = anything(r, 0).GetStructValue().GetFields()
		case *timestamppb.Timestamp:
			m.Seconds, m.Nanos = r.Int64N(4e9), []int32{0, 1e6, 1e3, 1, 999_999_999, -1}[r.IntN(6)]
		default:
			if depth < 4 {
				fill(r, v.Message(), depth+1)
			}
		}
		return v
	}
	return empty()
}

func integer(r *rand.Rand) int64 {
	return []int64{0, 1, -1, 7, 100, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, 1 << 53}[r.IntN(10)]
}

func text(r *rand.Rand) string {
	return []string{"", "plain", "a \"quoted\" \\ text", "new\nline\t\r\b\f\x00\x1f", "ünï€😀", "<&>\u2028", "\x7f", "bad \xff"}[r.IntN(8)]
}

// anything returns a value that is a Struct at the top.
func anything(r *rand.Rand, depth int) *structpb.Value {
	kind := r.IntN(7)
	if depth == 0 {
		kind = 0
	} else if depth > 3 {
		kind = 2 + r.IntN(5)
	}
	switch kind {
	case 0:
		s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		for range r.IntN(4) {
			s.Fields[text(r)] = anything(r, depth+1)
		}
		return structpb.NewStructValue(s)
	case 1:
		l := &structpb.ListValue{}
		for range r.IntN(4) {
			l.Values = append(l.Values, anything(r, depth+1))
		}
		return structpb.NewListValue(l)
	case 2:
		return structpb.NewBoolValue(true)
	case 3:
		return structpb.NewNullValue()
	case 4:
		return structpb.NewStringValue(text(r))
	}
	return structpb.NewNumberValue([]float64{
		0, 1, -1, 0.5, 1e-7, 1e21, 123456789.25, math.Copysign(0, -1), math.MaxFloat64, 1 << 60, math.NaN(), -1e-6,
	}[r.IntN(12)])
}

// What is written is what the library writes, but for white space.
func TestMessagesAreWrittenAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range types() {
		for range 300 {
			m := typ.New()
			fill(r, m, 0)
			agreeWriting(t, m.Interface())
		}
	}
}

func agreeWriting(t *testing.T, m proto.Message) {
	t.Helper()
	want, wantErr := library.Marshal(m)
	got, err := protojson.Append([]byte("before"), m)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%v: error %v, the library's %v", m, err, wantErr)
	}
	if err != nil {
		return
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, want); err != nil {
		t.Fatal(err)
	}
	var ours bytes.Buffer // the library's white space, if it had to write
	if err := json.Compact(&ours, got[len("before"):]); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if ours.String() != compact.String() {
		t.Fatalf("wrote\n%s\nthe library\n%s", ours.Bytes(), compact.Bytes())
	}
}

// What is read is what the library reads, from good JSON and from bad.
func TestMessagesAreReadAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, typ := range types() {
		for range 300 {
			m := typ.New()
			fill(r, m, 0)
			data, err := library.Marshal(m.Interface())
			if err != nil {
				continue
			}
			agreeReading(t, typ, data)
			for range 3 {
				agreeReading(t, typ, spoil(r, data))
			}
		}
	}
}

// spoil changes a byte, removes some, or repeats some.
func spoil(r *rand.Rand, data []byte) []byte {
	data = bytes.Clone(data)
	at := r.IntN(len(data))
	end := min(len(data), at+1+r.IntN(20))
	switch r.IntN(3) {
	case 0:
		data[at] = `{}[]":,\0123456789-.eE ntf`[r.IntN(25)]
		return data
	case 1:
		return append(data[:at], data[end:]...)
	}
	return append(data[:end:end], data[at:]...)
}

func agreeReading(t *testing.T, typ protoreflect.MessageType, data []byte) {
	t.Helper()
	want, got := typ.New().Interface(), typ.New().Interface()
	wantErr := library.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, want)
	err := protojson.Read(data, got)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%s: error %v, the library's %v", data, err, wantErr)
	}
	if err == nil && !proto.Equal(got, want) {
		t.Fatalf("%s\nread %v\nthe library %v", data, got, want)
	}
}

func TestOddJSONIsReadAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	typ := (*taskv1.AddEventRequest)(nil).ProtoReflect().Type()
	for _, data := range []string{
		``, ` `, `null`, `{}`, ` { } `, `{"taskId":"a"}x`, `{"taskId":"a"} {}`, "\ufeff{}",
		`{"taskId":"a","taskId":"b"}`, `{"taskId":"a","task_id":"b"}`, `{"task_id":"a"}`, `{"taskId":null}`, `{"taskId":1}`,
		`{"taskId":"\u0061"}`, `{"taskId":"\ud83d\ude00"}`, `{"taskId":"\ud83d"}`, "{\"taskId\":\"a\nb\"}", "{\"taskId\":\"\xff\"}",
		`{"expectedSequence":1}`, `{"expectedSequence":"1"}`, `{"expectedSequence":"1"`, `{"expectedSequence":"01"}`, `{"expectedSequence":1.0}`,
		`{"expectedSequence":1e2}`, `{"expectedSequence":"-0"}`, `{"expectedSequence":-0}`, `{"expectedSequence":" 1"}`, `{"expectedSequence":"1 "}`, `{"expectedSequence":""}`,
		`{"event":{"progress":5}}`, `{"event":{"progress":"5"}}`, `{"event":{"progress":5.5}}`, `{"event":{"progress":99999999999}}`, `{"event":{"progress":-1}}`,
		`{"event":{"progress":0}}`, `{"event":{"progress":00}}`, `{"event":{"progress":+1}}`, `{"event":{"progress":1,}}`, `{"event":{"progress":1},}`,
		`{"event":{"eventType":"EVENT_TYPE_LOG"}}`, `{"event":{"eventType":1}}`, `{"event":{"eventType":"NONE"}}`, `{"event":null}`, `{"event":[]}`,
		`{"event":{"metadata":{"a":1,"a":2}}}`, `{"event":{"metadata":{"a":-0,"b":-0.0,"c":0.10,"d":01.5,"e":1.,"f":.5}}}`, `{"event":{"metadata":{"a":1e400}}}`,
		`{"event":{"metadata":{"a":-0.5,"b":[1,2.5,"x",null,true,{"y":[]}]}}}`, `{"event":{"metadata":{"a":[1,]}}}`, `{"event":{"metadata":null}}`,
		`{"events":[]}`, `{"events":[{}]}`, `{"events":[null]}`, `{"events":{}}`, `{"events":[{},]}`, `{"unknown":{"a":[1]},"taskId":"x"}`, `{"unknown":}`,
		`{"view":"TASK_VIEW_FULL","event":{}}`, `{"taskId":"a" "view":1}`, `{"taskId":"a",,"view":1}`, `{"taskId" "a"}`, `{taskId:"a"}`, `{"taskId":tru}`,
	} {
		agreeReading(t, typ, []byte(data))
	}
	deep := bytes.Repeat([]byte(`{"a":`), 200)
	deep = append(append([]byte(`{"event":{"metadata":`), deep...), append([]byte(`1`), bytes.Repeat([]byte(`}`), 202)...)...)
	agreeReading(t, typ, deep)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"taskId":"a","event":{"eventType":"EVENT_TYPE_LOG","message":"x","progress":5,"metadata":{"a":[1,2.5,null]}}}`))
	typ := (*taskv1.AddEventRequest)(nil).ProtoReflect().Type()
	f.Fuzz(func(t *testing.T, data []byte) { agreeReading(t, typ, data) })
}

var request = []byte(`{"taskId":"render-4711","event":{"eventType":"EVENT_TYPE_PROGRESS","message":"frame 12 of 100","progress":12}}`)

func answer() *taskv1.AddEventResponse {
	p := int32(12)
	at := &timestamppb.Timestamp{Seconds: 1_790_000_000, Nanos: 123_456_000}
	return &taskv1.AddEventResponse{
		Task: &taskv1.Task{
			TaskId: "render-4711", Status: taskv1.TaskStatus_TASK_STATUS_IN_PROGRESS, Progress: 12, Sequence: 13,
			CreatedAt: at, UpdatedAt: at, StartedAt: at, CreatedBy: "someone", Type: "render",
		},
		Event: &taskv1.Event{
			Id: 13, EventType: taskv1.EventType_EVENT_TYPE_PROGRESS, Kind: "task.event", Message: "frame 12 of 100", Progress: &p, Timestamp: at, Actor: "someone",
		},
	}
}

func BenchmarkRead(b *testing.B) {
	for name, read := range map[string]func([]byte, proto.Message) error{
		"ours": protojson.Read, "library": library.UnmarshalOptions{DiscardUnknown: true}.Unmarshal,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(request, &taskv1.AddEventRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, write := range map[string]func([]byte, proto.Message) ([]byte, error){
		"ours": protojson.Append, "library": library.MarshalOptions{}.MarshalAppend,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			m := answer()
			var buf []byte
			for b.Loop() {
				var err error
				if buf, err = write(buf[:0], m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
