package rpc

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

func TestRequestsBecomeCommands(t *testing.T) {
	seven := int64(7)
	on := task.Target{ID: "t", Expected: &seven}
	for name, c := range map[string]struct {
		from func() (task.Command, error)
		want task.Command
	}{
		"Create with everything": {
			func() (task.Command, error) {
				return fromCreate(protoOf(t, &taskv1.CreateRequest{}, `{"taskId":"t","status":"TASK_STATUS_IN_PROGRESS","progress":5,"metadata":{"b":1,"a":2},"tags":["y","x"],"type":"render"}`), "t")
			},
			task.Create{ID: "t", Status: task.InProgress, Progress: 5, Metadata: `{"a":2,"b":1}`, Tags: []string{"y", "x"}, Type: "render"},
		},
		"Create with an id of the server": {
			func() (task.Command, error) { return fromCreate(&taskv1.CreateRequest{}, "made") },
			task.Create{ID: "made"},
		},
		"AddEvent of one event": {
			func() (task.Command, error) {
				return fromAddEvent(protoOf(t, &taskv1.AddEventRequest{}, `{"taskId":"t","event":{"message":"m","progress":0,"metadata":{}},"expectedSequence":"7"}`))
			},
			task.AddEvents{Target: on, One: true, Events: []task.NewEvent{{Message: "m", HasProgress: true, Metadata: "{}"}}},
		},
		"AddEvent of several events": {
			func() (task.Command, error) {
				return fromAddEvent(protoOf(t, &taskv1.AddEventRequest{}, `{"taskId":"t","events":[{"eventType":"EVENT_TYPE_ERROR"},{"progress":9}]}`))
			},
			task.AddEvents{Target: task.Target{ID: "t"}, Events: []task.NewEvent{{Type: task.ErrorEvent}, {Progress: 9, HasProgress: true}}},
		},
		"UpdateProgress": {
			func() (task.Command, error) {
				return fromUpdateProgress(protoOf(t, &taskv1.UpdateProgressRequest{}, `{"taskId":"t","progress":40,"message":"m","metadata":{"a":1},"expectedSequence":"7"}`))
			},
			task.SetProgress{Target: on, Progress: 40, Message: "m", Metadata: `{"a":1}`},
		},
		"Complete": {
			func() (task.Command, error) {
				return fromComplete(protoOf(t, &taskv1.CompleteRequest{}, `{"taskId":"t","metadata":{"a":1},"expectedSequence":"7"}`))
			},
			task.Complete{Target: on, Result: `{"a":1}`},
		},
		"Fail": {
			func() (task.Command, error) {
				return fromFail(protoOf(t, &taskv1.FailRequest{}, `{"taskId":"t","error":"e","metadata":{"a":1},"expectedSequence":"7"}`))
			},
			task.Fail{Target: on, Error: "e", Result: `{"a":1}`},
		},
		"Cancel": {
			func() (task.Command, error) {
				return fromCancel(protoOf(t, &taskv1.CancelRequest{}, `{"taskId":"t","metadata":{"a":1},"expectedSequence":"7"}`))
			},
			task.Cancel{Target: on, Result: `{"a":1}`},
		},
		"Delete": {
			func() (task.Command, error) {
				return fromDelete(protoOf(t, &taskv1.DeleteRequest{}, `{"taskId":"t","expectedSequence":"7"}`)), nil
			},
			task.Delete{Target: on},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.from()
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestRequestsWithBadMetadataNameItsField(t *testing.T) {
	bad := with(structpb.NewStringValue("\xff"))
	event := &taskv1.NewEvent{Metadata: bad}
	for want, from := range map[string]func() (task.Command, error){
		"create metadata":    func() (task.Command, error) { return fromCreate(&taskv1.CreateRequest{Metadata: bad}, "t") },
		"progress metadata":  func() (task.Command, error) { return fromUpdateProgress(&taskv1.UpdateProgressRequest{Metadata: bad}) },
		"complete metadata":  func() (task.Command, error) { return fromComplete(&taskv1.CompleteRequest{Metadata: bad}) },
		"fail metadata":      func() (task.Command, error) { return fromFail(&taskv1.FailRequest{Metadata: bad}) },
		"cancel metadata":    func() (task.Command, error) { return fromCancel(&taskv1.CancelRequest{Metadata: bad}) },
		"add event.metadata": func() (task.Command, error) { return fromAddEvent(&taskv1.AddEventRequest{Event: event}) },
		"add events[1].metadata": func() (task.Command, error) {
			return fromAddEvent(&taskv1.AddEventRequest{Events: []*taskv1.NewEvent{{}, event}})
		},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := from()
			var e *rule.Error
			if !errors.As(err, &e) || !strings.HasSuffix(want, " "+e.Field) {
				t.Errorf("got %v", err)
			}
		})
	}
}
