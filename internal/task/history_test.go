package task

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// An applier is Apply, or Apply with a safety removed.
type applier func(t *Task, cmd Command, now int64, actor string) (Change, error)

func randomText(r *rand.Rand) string {
	letters := []rune("ab\"\\\n\t\r\x00\x1f\x7f\u2028é日😀{}[],:/")
	out := make([]rune, r.IntN(6))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

func randomJSON(r *rand.Rand) string {
	return []string{"", "{}", `{"a":[1,2,{"b":null}]}`, `{ "spaced" : "é\n" }`}[r.IntN(4)]
}

func randomActor(r *rand.Rand) string { return []string{"", "key1", "\"é\""}[r.IntN(3)] }

func randomCreate(r *rand.Rand) Create {
	tags := []string{"b", "a", "\"q\"", "é"}
	return Create{
		ID: "a/b", Type: []string{"", "render", "\\"}[r.IntN(3)], Tags: tags[:r.IntN(len(tags)+1)],
		Status: Status(r.IntN(3)), Progress: r.IntN(101), Metadata: randomJSON(r),
	}
}

func randomEvent(r *rand.Rand) NewEvent {
	return NewEvent{
		Type: EventType(r.IntN(5)), Message: randomText(r), Metadata: randomJSON(r),
		Progress: r.IntN(101), HasProgress: r.IntN(2) == 0,
	}
}

func randomCommand(r *rand.Rand) Command {
	switch n := r.IntN(40); {
	case n == 0:
		return Complete{Result: randomJSON(r)}
	case n == 1:
		return Fail{Error: "e" + randomText(r), Result: randomJSON(r)}
	case n == 2:
		return Cancel{Result: randomJSON(r)}
	case n < 20:
		return SetProgress{Progress: r.IntN(101), Message: randomText(r), Metadata: randomJSON(r)}
	}
	c := AddEvents{Events: make([]NewEvent, 1+r.IntN(3))}
	for i := range c.Events {
		c.Events[i] = randomEvent(r)
	}
	return c
}

// A life is a task with all that led to it.
type life struct {
	apply  applier
	task   Task
	events []Event
	states []Task // after each event
}

// live lets random commands happen to a new task and checks every promise on
// the way.
func live(r *rand.Rand, apply applier) error {
	l := life{apply: apply}
	now := int64(1_000_000)
	if err := l.begin(randomCreate(r), now, randomActor(r)); err != nil {
		return err
	}
	for range r.IntN(40) {
		now += r.Int64N(1_000_000) - 300_000 // the clock may go back
		if err := l.step(randomCommand(r), now, randomActor(r)); err != nil {
			return err
		}
	}
	return l.check()
}

func (l *life) begin(c Create, now int64, actor string) error {
	change, err := l.apply(nil, c, now, actor)
	if err != nil {
		return err
	}
	return l.take(c, change, actor)
}

func (l *life) step(cmd Command, now int64, actor string) error {
	before, was := l.task, l.task
	change, err := l.apply(&was, cmd, now, actor)
	if !reflect.DeepEqual(was, before) {
		return fmt.Errorf("%T changed the task in place", cmd)
	}
	if err != nil {
		return nil
	}
	if last := change.Next.UpdatedAt; last < before.UpdatedAt {
		return fmt.Errorf("%T moved time back from %d to %d", cmd, before.UpdatedAt, last)
	}
	if was.Status.Final() && (was.Status != change.Next.Status || was.Result != change.Next.Result || was.EndedAt != change.Next.EndedAt) {
		return fmt.Errorf("%T changed how the task ended", cmd)
	}
	if err := l.oneByOne(cmd, now, actor); err != nil {
		return err
	}
	return l.take(cmd, change, actor)
}

// take remembers a change, and checks that its events can be made again.
func (l *life) take(cmd Command, c Change, actor string) error {
	l.task, l.events = c.Next, append(l.events, c.Events...)
	if _, ok := cmd.(Create); ok {
		l.states = append(l.states, c.Next)
	}
	again := Events(cmd, c.Next, actor)
	if len(again) != len(c.Events) {
		return fmt.Errorf("a replay of %T has %d events for %d", cmd, len(again), len(c.Events))
	}
	for i, e := range again {
		want := c.Events[i]
		if i < len(again)-1 { // what is not kept
			want.Status, want.TaskProgress = e.Status, e.TaskProgress
			want.StartedAt, want.StartProgress = e.StartedAt, e.StartProgress
		}
		if !reflect.DeepEqual(e, want) {
			return fmt.Errorf("a replay of %T has\n%+v for\n%+v", cmd, e, want)
		}
	}
	return nil
}

// oneByOne finds the states between the events of one command by sending the
// events in a command each.
func (l *life) oneByOne(cmd Command, now int64, actor string) error {
	parts := []Command{cmd}
	if many, ok := cmd.(AddEvents); ok {
		parts = nil
		for _, e := range many.Events {
			parts = append(parts, note(e))
		}
	}
	t := l.task
	for _, part := range parts {
		c, err := l.apply(&t, part, now, actor)
		if err != nil {
			return fmt.Errorf("%T is accepted together and refused one by one: %w", cmd, err)
		}
		t = c.Next
		l.states = append(l.states, t)
	}
	return nil
}

// check rebuilds every state of the life from its events.
func (l *life) check() error {
	for k, e := range l.events {
		if e.Sequence != int64(k)+1 {
			return fmt.Errorf("event %d has sequence %d", k+1, e.Sequence)
		}
		if got := At(l.task, e); !reflect.DeepEqual(got, l.states[k]) {
			return fmt.Errorf("At event %d is\n%+v, was\n%+v", k+1, got, l.states[k])
		}
		got, err := Fold(l.task.ID, l.events[:k+1])
		if err != nil || !reflect.DeepEqual(got, l.states[k]) {
			return fmt.Errorf("folded to event %d is\n%+v, %v, was\n%+v", k+1, got, err, l.states[k])
		}
	}
	return nil
}

func TestStateIsRebuiltFromEventsAlone(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 400 {
		if err := live(r, Apply); err != nil {
			t.Fatal(err)
		}
	}
}

// broken returns Apply with its change spoiled.
func broken(spoil func(c *Change)) applier {
	return func(t *Task, cmd Command, now int64, actor string) (Change, error) {
		c, err := Apply(t, cmd, now, actor)
		if err == nil && t != nil && !c.Delete {
			spoil(&c)
		}
		return c, err
	}
}

// on returns Apply on a task that was tampered with before.
func on(tamper func(t *Task)) applier {
	return func(t *Task, cmd Command, now int64, actor string) (Change, error) {
		if t == nil {
			return Apply(t, cmd, now, actor)
		}
		u := *t
		tamper(&u)
		return Apply(&u, cmd, now, actor)
	}
}

// TestBrokenRulesAreCaught shows that the test above can fail.
func TestBrokenRulesAreCaught(t *testing.T) {
	for name, mutant := range map[string]applier{
		"time is not held at the last event": on(func(t *Task) { t.UpdatedAt = 0 }),
		"an ended task goes on": on(func(t *Task) {
			if t.Status.Final() {
				t.Status = InProgress
			}
		}),
		"the task is changed in place": func(t *Task, cmd Command, now int64, actor string) (Change, error) {
			c, err := Apply(t, cmd, now, actor)
			if err == nil && t != nil {
				*t = c.Next
			}
			return c, err
		},
		"events lack the progress after them":     broken(func(c *Change) { c.Events[0].TaskProgress = 0 }),
		"events lack the status after them":       broken(func(c *Change) { c.Events[0].Status = Pending }),
		"events lack the start":                   broken(func(c *Change) { c.Events[0].StartedAt = 0 }),
		"events lack the progress at the start":   broken(func(c *Change) { c.Events[0].StartProgress = 0 }),
		"sequences have gaps":                     broken(func(c *Change) { c.Events[0].Sequence++ }),
		"late notes forget the result":            broken(func(c *Change) { c.Next.Result = "" }),
		"the actor is not in the event":           broken(func(c *Change) { c.Events[0].Actor = "" }),
		"the error of Fail is not in its event":   broken(func(c *Change) { c.Events[0].Message = "" }),
		"the result is not in the terminal event": broken(func(c *Change) { c.Events[0].Metadata = "" }),
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, 0))
			for range 400 {
				if err := live(r, mutant); err != nil {
					return
				}
			}
			t.Errorf("not caught; seed %d", seed)
		})
	}
}

func TestFoldRefusesWhatIsNoHistory(t *testing.T) {
	c, _ := Apply(nil, Create{ID: "t"}, 1, "")
	more, _ := Apply(&c.Next, SetProgress{Progress: 1}, 2, "")
	for name, events := range map[string][]Event{
		"nothing":                 {},
		"no creation":             more.Events,
		"a gap":                   {c.Events[0], {Sequence: 3, Kind: KindEvent, Status: Pending}},
		"an event twice":          {c.Events[0], more.Events[0], more.Events[0]},
		"a creation in the midst": {more.Events[0], c.Events[0]},
	} {
		if _, err := Fold("t", events); err == nil {
			t.Errorf("%s is folded", name)
		}
	}
}

func TestAReplayOfADeleteHasNoEvents(t *testing.T) {
	if events := Events(Delete{}, taskAt(Success), "me"); len(events) != 0 {
		t.Errorf("got %v", events)
	}
}
