package kill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A caller makes calls that survive the death of the server: it repeats each with
// its idempotency key until the answer is known, and writes all of it in the book.
type caller struct {
	client *wire.Client
	book   *Book
	phase  *sync.RWMutex // held for writing while nobody may call
	random *rand.Rand
	name   string
	n      int
	once   bool // no acknowledged call is repeated
}

// text returns a text that no other event has.
func (c *caller) text() string {
	c.n++
	return fmt.Sprintf("%s/%d", c.name, c.n)
}

// do makes a call that must succeed. It returns false when the context ended
// before the answer was known.
func (c *caller) do(ctx context.Context, method, task string, fields map[string]any, entries ...Entry) bool {
	a := Attempt{Task: task, Method: method, Key: c.text(), Entries: entries}
	fields = withTask(fields, task)
	answer, err := c.settle(ctx, a, fields, c.book.Begin, func(answer wire.Answer, err error) {
		if err != nil {
			c.book.Refused(a)
			c.book.Fault(fmt.Sprintf("%s of %s (%s) was refused: %v", method, task, a.Key, err))
			return
		}
		if got := len(events(answer)); got != len(entries) {
			c.book.Fault(fmt.Sprintf("%s of %s (%s) answered %d events for %d", method, task, a.Key, got, len(entries)))
		}
		c.book.Acknowledged(a, events(answer), answer.Task.Status)
	})
	if ctx.Err() != nil {
		return false
	}
	if err == nil && !c.once && c.random.IntN(12) == 0 {
		c.again(ctx, a, fields, answer)
	}
	return true
}

// refuse makes a call that must be refused with a code.
func (c *caller) refuse(ctx context.Context, code, method, task string, fields map[string]any) {
	key := c.text()
	noted := Attempt{Task: task, Method: "refused " + method, Key: key}
	begin := func(Attempt) { c.book.Begin(noted) }
	_, _ = c.settle(ctx, Attempt{Task: task, Method: method, Key: key}, withTask(fields, task), begin, func(_ wire.Answer, err error) {
		c.book.Refused(noted)
		if wire.Code(err) != code {
			c.book.Fault(fmt.Sprintf("%s of %s: %v, want %s", method, task, err, code))
		}
	})
}

// again repeats an acknowledged call, as a client does that lost the answer.
func (c *caller) again(ctx context.Context, a Attempt, fields map[string]any, first wire.Answer) {
	known := func(Attempt) {} // it is in the book already
	_, _ = c.settle(ctx, a, fields, known, func(second wire.Answer, err error) {
		same := slices.EqualFunc(events(first), events(second), func(x, y wire.Event) bool {
			return x.ID == y.ID && x.Message == y.Message && x.Kind == y.Kind && x.Timestamp.Equal(y.Timestamp)
		})
		if err != nil || !same {
			c.book.Fault(fmt.Sprintf("%s of %s (%s) again: %v, %v; first %v", a.Method, a.Task, a.Key, events(second), err, events(first)))
		}
	})
}

// settle repeats a call until its outcome is known, which it then notes. The
// book is written only while calls may be made, so that whoever forbids them can
// read it. A call that has begun is not given up when ctx ends: it would go on in
// the server, unseen.
func (c *caller) settle(ctx context.Context, a Attempt, fields map[string]any, begin func(Attempt), note func(wire.Answer, error)) (wire.Answer, error) {
	for ctx.Err() == nil {
		answer, err := c.try(ctx, a, fields, begin, note)
		if !wire.Unsettled(err) {
			return answer, err
		}
	}
	return wire.Answer{}, ctx.Err()
}

func (c *caller) try(ctx context.Context, a Attempt, fields map[string]any, begin func(Attempt), note func(wire.Answer, error)) (answer wire.Answer, err error) {
	c.phase.RLock()
	defer c.phase.RUnlock()
	begin(a)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recoverWithin)
	defer cancel()
	if _, err = c.client.Call(ctx, a.Method, a.Key, fields, &answer); !wire.Unsettled(err) {
		note(answer, err)
	}
	return answer, err
}

func withTask(fields map[string]any, task string) map[string]any {
	all := map[string]any{"taskId": task}
	for k, v := range fields {
		all[k] = v
	}
	return all
}

// events returns the events of an answer, whichever way it carries them.
func events(a wire.Answer) []wire.Event {
	if a.Event != nil {
		return []wire.Event{*a.Event}
	}
	return a.Events
}
