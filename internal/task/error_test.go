package task

import (
	"errors"
	"fmt"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

func TestTextsOfRefusals(t *testing.T) {
	ended, running := taskAt(Success), taskAt(InProgress)
	two := int64(2)
	for want, c := range map[string]struct {
		on  *Task
		cmd Command
	}{
		`task "a\nb" does not exist; create it first, or check the id`:                                                        {nil, SetProgress{Target: Target{ID: "a\nb"}}},
		`the task does not exist; create it first, or check the id`:                                                           {nil, SetProgress{}},
		`task "t" exists already; use another id, or delete it first`:                                                         {&running, Create{ID: "t"}},
		`task "t" has ended; from now on it accepts only EVENT_TYPE_LOG events without progress, and Delete`:                  {&ended, Cancel{}},
		`task "t" is not at expected_sequence 2; read it again and decide anew`:                                               {&running, Cancel{Target: Target{Expected: &two}}},
		`progress is 101; it must be 0 to 100`:                                                                                {&running, SetProgress{Progress: 101}},
		`events[1].message is not valid UTF-8; encode it as UTF-8`:                                                            {&running, AddEvents{Events: []NewEvent{{}, {Message: "\xff"}}}},
		`task_id has a control character at byte 1; remove it`:                                                                {nil, Create{ID: "a\n"}},
		`metadata is longer than 65536 bytes as JSON; keep large data elsewhere and refer to it`:                              {&running, Complete{Result: string(make([]byte, MaxMetadata+1))}},
		`metadata is nested deeper than 32 levels; flatten it`:                                                                {&running, Complete{Result: nested(33)}},
		`metadata is not JSON of one object; send an object`:                                                                  {&running, Complete{Result: "[1]"}},
		`status must be TASK_STATUS_PENDING or TASK_STATUS_IN_PROGRESS at creation; end the task by Complete, Fail or Cancel`: {nil, Create{ID: "t", Status: Failed}},
	} {
		if _, err := Apply(c.on, c.cmd, 600, "me"); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestErrorsKeepTheirClassWhenWrapped(t *testing.T) {
	err := fmt.Errorf("service: %w", NotFound("t"))
	var e *rule.Error
	if !errors.Is(err, rule.ErrNotFound) || !errors.As(err, &e) || errors.Is(err, rule.ErrExists) {
		t.Errorf("got %v", err)
	}
}
