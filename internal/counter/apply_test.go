package counter_test

import (
	"errors"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/rule"
)

func ptr(n int64) *int64 { return &n }

// at is a counter that was created with 5, at 100, and incremented to value.
func at(value int64) *counter.Counter {
	return &counter.Counter{Name: "visits", Value: value, Previous: 5, Initial: 5, CreatedBy: "key:a", Sequence: 2, CreatedAt: 100, UpdatedAt: 200}
}

func TestEachOperationLeavesOneEvent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		on       *counter.Counter
		cmd      counter.Command
		kind     string
		value    int64
		previous int64
		sequence int64
	}{
		"Create begins at the initial value":       {nil, counter.Command{Op: counter.Create, N: -3}, counter.KindCreated, -3, -3, 1},
		"Create begins at 0 if nothing is said":    {nil, counter.Command{Op: counter.Create}, counter.KindCreated, 0, 0, 1},
		"Increment adds":                           {at(7), counter.Command{Op: counter.Increment, N: 4}, counter.KindIncremented, 11, 7, 3},
		"Increment reaches the highest value":      {at(7), counter.Command{Op: counter.Increment, N: counter.Max - 7}, counter.KindIncremented, counter.Max, 7, 3},
		"Decrement takes away":                     {at(7), counter.Command{Op: counter.Decrement, N: 10}, counter.KindDecremented, -3, 7, 3},
		"Decrement reaches the lowest value":       {at(0), counter.Command{Op: counter.Decrement, N: counter.Max}, counter.KindDecremented, -counter.Max, 0, 3},
		"SetValue sets":                            {at(7), counter.Command{Op: counter.Set, N: 42}, counter.KindSet, 42, 7, 3},
		"SetValue to the same value is an event":   {at(7), counter.Command{Op: counter.Set, N: 7}, counter.KindSet, 7, 7, 3},
		"Reset brings the initial value back":      {at(7), counter.Command{Op: counter.Reset}, counter.KindReset, 5, 7, 3},
		"the expected sequence lets a call happen": {at(7), counter.Command{Op: counter.Increment, N: 1, Expected: ptr(2)}, counter.KindIncremented, 8, 7, 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.cmd.Name = "visits"
			c, err := counter.Apply(tt.on, tt.cmd, 150, "key:b")
			if err != nil {
				t.Fatal(err)
			}
			want := counter.Event{Sequence: tt.sequence, Kind: tt.kind, Value: tt.value, Previous: tt.previous, Time: 150, Actor: "key:b"}
			if tt.on != nil {
				want.Time = 200 // never earlier than the last event
			}
			if len(c.Events) != 1 || c.Events[0] != want || c.Delete || c.Detail {
				t.Errorf("left %+v, want %+v", c, want)
			}
			n := c.Next
			if n.Value != tt.value || n.Previous != tt.previous || n.Sequence != tt.sequence || n.UpdatedAt != want.Time || n.Name != "visits" || n.Operations() != tt.sequence-1 {
				t.Errorf("the counter is %+v", n)
			}
			if tt.on == nil && (n.Initial != tt.cmd.N || n.CreatedBy != "key:b" || n.CreatedAt != 150) {
				t.Errorf("created as %+v", n)
			}
			again, events := counter.Rules{}.Again(tt.cmd, n, nil, "key:b")
			if again != n || len(events) != 1 || events[0] != want {
				t.Errorf("a repeated call is answered %+v %+v", again, events)
			}
		})
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	c, err := counter.Apply(at(7), counter.Command{Op: counter.Delete, Name: "visits"}, 300, "")
	if err != nil || !c.Delete || len(c.Events) != 0 || c.Next != *at(7) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		on    *counter.Counter
		cmd   counter.Command
		class error
	}{
		`counter "visits" does not exist; create it first, or check the name`:                                                   {nil, counter.Command{Op: counter.Increment, N: 1}, rule.ErrNotFound},
		`counter "visits" exists already; use another name, or delete it first`:                                                 {at(1), counter.Command{Op: counter.Create}, rule.ErrExists},
		`counter "visits" is not at expected_sequence 1; read it again and decide anew`:                                         {at(1), counter.Command{Op: counter.Reset, Expected: ptr(1)}, rule.ErrSequence},
		`counter "visits" would be 9007199254740992, and it can hold -9007199254740991 to 9007199254740991; it stays as it is`:  {at(1), counter.Command{Op: counter.Increment, N: counter.Max}, counter.ErrRange},
		`counter "visits" would be -9007199254740992, and it can hold -9007199254740991 to 9007199254740991; it stays as it is`: {at(-1), counter.Command{Op: counter.Decrement, N: counter.Max}, counter.ErrRange},
		`amount is 0; it must be 1 to 9007199254740991`:                                                                         {at(1), counter.Command{Op: counter.Increment}, rule.ErrInvalid},
		`amount is -1; it must be 1 to 9007199254740991`:                                                                        {at(1), counter.Command{Op: counter.Decrement, N: -1}, rule.ErrInvalid},
		`amount is 9007199254740992; it must be 1 to 9007199254740991`:                                                          {at(-1), counter.Command{Op: counter.Increment, N: counter.Max + 1}, rule.ErrInvalid},
		`value is 9007199254740992; it must be -9007199254740991 to 9007199254740991`:                                           {at(1), counter.Command{Op: counter.Set, N: counter.Max + 1}, rule.ErrInvalid},
		`initial_value is -9007199254740992; it must be -9007199254740991 to 9007199254740991`:                                  {nil, counter.Command{Op: counter.Create, N: -counter.Max - 1}, rule.ErrInvalid},
		`counter "visits" is not at expected_sequence 3; read it again and decide anew`:                                         {at(1), counter.Command{Op: counter.Delete, Expected: ptr(3)}, rule.ErrSequence},
		`amount is -9223372036854775808; it must be 1 to 9007199254740991`:                                                      {at(-1), counter.Command{Op: counter.Decrement, N: -1 << 63}, rule.ErrInvalid},
	}
	for want, tt := range tests {
		tt.cmd.Name = "visits"
		c, err := counter.Apply(tt.on, tt.cmd, 300, "")
		if !errors.Is(err, tt.class) || err.Error() != want || c.Events != nil || c.Delete {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if _, err := counter.Apply(nil, counter.Command{Op: counter.Create, Name: "a\n"}, 1, ""); !errors.Is(err, rule.ErrInvalid) {
		t.Errorf("a name with a control character: %v", err)
	}
}
