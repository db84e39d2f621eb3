package rpc

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

func progressMessage() *taskMessage {
	t := task.Task{ID: "render-1", Status: task.InProgress, Progress: 40, Sequence: 7, CreatedAt: 1e15, UpdatedAt: 2e15, StartedAt: 1e15, Metadata: `{"a":1}`}
	e := task.Event{Sequence: 7, Type: task.Progress, Kind: task.KindProgress, Message: "Progress 40%", Progress: 40, HasProgress: true, Time: 2e15}
	return &taskMessage{Kind: object.Event, Cursor: "epoch.7.7", Sequence: 7, State: t, Events: []task.Event{e}, Encoded: object.NewEncoded(10 << 10)}
}

// All followers with one codec and view share one encoding; nobody gets
// another's.
func TestASharedMessageIsEncodedOnce(t *testing.T) {
	m := progressMessage()
	made := 0
	counting := func(marshal func(proto.Message) ([]byte, error)) func(proto.Message) ([]byte, error) {
		return func(x proto.Message) ([]byte, error) { made++; return marshal(x) }
	}
	for range 100 {
		for view := range taskv1.TaskView_name {
			s := shared[task.Task, task.Event]{m, toldTask(taskv1.TaskView(view))}
			binary, err := s.encoded(binaryNames, counting(proto.Marshal))
			if err != nil {
				t.Fatal(err)
			}
			text, err := s.encoded(jsonNames, counting(protojson.Marshal))
			if err != nil {
				t.Fatal(err)
			}
			var fromBinary, fromText taskv1.WatchResponse
			if err := proto.Unmarshal(binary, &fromBinary); err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(text, &fromText); err != nil {
				t.Fatal(err)
			}
			want := toWatch(m, s.view)
			if !proto.Equal(&fromBinary, want) || !proto.Equal(&fromText, want) {
				t.Fatalf("view %d: got %v and %v, want %v", view, &fromBinary, &fromText, want)
			}
		}
	}
	if made != 6 {
		t.Errorf("encoded %d times for 3 views and 2 codecs", made)
	}
}

// A message that is not shared is encoded for each; the difference is what
// sharing saves for every follower but the first.
func BenchmarkFollowerEncoding(b *testing.B) {
	m := progressMessage()
	for name, message := range map[string]func() any{
		"shared": func() any { return shared[task.Task, task.Event]{m, toldTask(0)} },
		"each":   func() any { return toWatch(m, 0) },
	} {
		for codec, c := range map[string]interface {
			MarshalAppend([]byte, any) ([]byte, error)
		}{"proto": binaryCodec{}, "json": jsonCodec{"json"}} {
			b.Run(name+"/"+codec, func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				for b.Loop() {
					var err error
					if buf, err = c.MarshalAppend(buf[:0], message()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
