package rpc

import (
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// What the rules of the proto files cost per call; a call takes 50 to 100 us of
// CPU in all, both sides counted.
func BenchmarkRules(b *testing.B) {
	metadata, err := structpb.NewStruct(map[string]any{"file": "a.mp4", "pass": 2, "nested": map[string]any{"a": 1.5, "b": "c"}})
	if err != nil {
		b.Fatal(err)
	}
	progress := int32(40)
	messages := []proto.Message{
		&taskv1.UpdateProgressRequest{TaskId: "render-1", Progress: 40, Message: "frame 400 of 1000"},
		&taskv1.AddEventRequest{TaskId: "render-1", Event: &taskv1.NewEvent{Message: "frame 400", Progress: &progress, Metadata: metadata}},
		&taskv1.CreateRequest{TaskId: "render-1", Metadata: metadata, Tags: []string{"video", "night"}, Type: "render"},
		&taskv1.CompleteRequest{TaskId: "render-1", Metadata: metadata},
		&taskv1.GetByIdRequest{TaskId: "render-1"},
	}
	for _, m := range messages {
		b.Run(string(m.ProtoReflect().Descriptor().Name()), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := protovalidate.Validate(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
