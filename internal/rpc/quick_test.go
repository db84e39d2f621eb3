package rpc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// verdict is what a mutation gets from quick and the rules of tasks, on a task
// that accepts everything.
func verdict(m proto.Message) error {
	if known, err := quick(m); err != nil || !known {
		return err
	}
	cmd, err := command(m)
	if err != nil {
		return err
	}
	if err := task.ValidID(cmd.TaskID()); err != nil {
		return err
	}
	state := &task.Task{ID: "t", Status: task.Pending}
	if _, ok := cmd.(task.Create); ok {
		state = nil
	}
	_, err = task.Apply(state, cmd, 1, "")
	if !errors.Is(err, rule.ErrInvalid) {
		return nil // refused for the state, not for a field
	}
	return err
}

func command(m proto.Message) (task.Command, error) {
	switch m := m.(type) {
	case *taskv1.CreateRequest:
		id := m.GetTaskId()
		if id == "" {
			id = "made-by-the-server"
		}
		return fromCreate(m, id)
	case *taskv1.AddEventRequest:
		return fromAddEvent(m)
	case *taskv1.UpdateProgressRequest:
		return fromUpdateProgress(m)
	case *taskv1.CompleteRequest:
		return fromComplete(m)
	case *taskv1.FailRequest:
		return fromFail(m)
	case *taskv1.CancelRequest:
		return fromCancel(m)
	}
	return nil, fmt.Errorf("%T is no mutation", m)
}

// A pick makes fields that are right or just wrong.
type pick struct{ *rand.Rand }

func (p pick) text(limit int) string {
	switch p.IntN(8) {
	case 0:
		return ""
	case 1:
		return strings.Repeat("x", limit)
	case 2:
		return strings.Repeat("x", limit+1)
	case 3:
		return strings.Repeat("é", limit/2+p.IntN(2))
	}
	return "fine"
}

func (p pick) name(limit int) string {
	if p.IntN(6) == 0 {
		return "a" + string([]rune{0, 0x1f, 0x7f, 0x85, 0x9f, 0x20, 0xa0}[p.IntN(7)]) + "b"
	}
	return p.text(limit)
}

func (p pick) percent() int32 { return int32(p.IntN(110) - 4) }

func (p pick) view() taskv1.TaskView { return taskv1.TaskView(p.IntN(4)) }

func (p pick) expected() *int64 {
	if p.IntN(2) == 0 {
		return nil
	}
	n := p.Int64N(4) - 1
	return &n
}

func (p pick) event() *taskv1.NewEvent {
	e := &taskv1.NewEvent{EventType: taskv1.EventType(p.IntN(7) - 1), Message: p.text(16384)}
	if p.IntN(2) == 0 {
		n := p.percent()
		e.Progress = &n
	}
	return e
}

func (p pick) message() proto.Message {
	id := p.text(256)
	switch p.IntN(6) {
	case 0:
		m := &taskv1.CreateRequest{TaskId: p.name(256), Status: taskv1.TaskStatus(p.IntN(8) - 1), Progress: p.percent(), Type: p.name(128)}
		for range p.IntN(15) {
			m.Tags = append(m.Tags, p.name(128))
		}
		return m
	case 1:
		m := &taskv1.AddEventRequest{TaskId: id, ExpectedSequence: p.expected(), View: p.view()}
		if p.IntN(2) == 0 {
			m.Event = p.event()
		}
		for range []int{0, 0, 1, 3, 100, 101}[p.IntN(6)] {
			m.Events = append(m.Events, p.event())
		}
		return m
	case 2:
		return &taskv1.UpdateProgressRequest{TaskId: id, Progress: p.percent(), Message: p.text(16384), ExpectedSequence: p.expected(), View: p.view()}
	case 3:
		return &taskv1.CompleteRequest{TaskId: id, ExpectedSequence: p.expected(), View: p.view()}
	case 4:
		return &taskv1.FailRequest{TaskId: id, Error: p.text(16384), ExpectedSequence: p.expected(), View: p.view()}
	}
	return &taskv1.CancelRequest{TaskId: id, ExpectedSequence: p.expected(), View: p.view()}
}

// The rules in the proto files are what callers read; the quick checks must
// refuse the same messages, by the same field.
func TestQuickChecksAgreeWithTheProtoFiles(t *testing.T) {
	seed := rand.Uint64()
	p := pick{rand.New(rand.NewPCG(seed, 1))}
	refused := 0
	const rounds = 5000
	for range rounds {
		m := p.message()
		rules, quick := protovalidate.Validate(m), verdict(m)
		if (rules == nil) != (quick == nil) {
			t.Fatalf("seed %d: %T %.300v:\nproto rules: %v\nquick: %v", seed, m, m, rules, quick)
		}
		if rules == nil {
			continue
		}
		refused++
		field := fieldOf(quick)
		if broken := fieldsOf(rules); !strings.Contains(broken, "<"+field+">") && !strings.Contains(broken, "<>") {
			t.Fatalf("seed %d: %T %.300v: quick names %q, the rules %s", seed, m, m, field, broken)
		}
	}
	if refused < rounds/10 || refused > rounds*99/100 {
		t.Errorf("%d of %d messages were refused: the test is blind", refused, rounds)
	}
}

func fieldOf(err error) string {
	var e *rule.Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// fieldsOf lists the fields of broken rules, each as <path>.
func fieldsOf(err error) string {
	var e *protovalidate.ValidationError
	var b strings.Builder
	if errors.As(err, &e) {
		for _, v := range e.ToProto().GetViolations() {
			b.WriteString("<" + fieldPath(v.GetField()) + ">")
		}
	}
	return b.String()
}
