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
	c.book.Begin(a)
	answer, err := c.settle(ctx, a, fields)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		c.book.Refused(a)
		c.book.Fault(fmt.Sprintf("%s of %s (%s) was refused: %v", method, task, a.Key, err))
		return true
	}
	if got := len(events(answer)); got != len(entries) {
		c.book.Fault(fmt.Sprintf("%s of %s (%s) answered %d events for %d", method, task, a.Key, got, len(entries)))
	}
	c.book.Acknowledged(a, events(answer), answer.Task.Status)
	if !c.once && c.random.IntN(12) == 0 {
		c.again(ctx, a, fields, answer)
	}
	return true
}

// refuse makes a call that must be refused with a code.
func (c *caller) refuse(ctx context.Context, code, method, task string, fields map[string]any) {
	a := Attempt{Task: task, Method: "refused " + method, Key: c.text()}
	c.book.Begin(a)
	_, err := c.settle(ctx, Attempt{Task: task, Method: method, Key: a.Key}, withTask(fields, task))
	if ctx.Err() != nil {
		return
	}
	c.book.Refused(a)
	if wire.Code(err) != code {
		c.book.Fault(fmt.Sprintf("%s of %s: %v, want %s", method, task, err, code))
	}
}

// again repeats an acknowledged call, as a client does that lost the answer.
func (c *caller) again(ctx context.Context, a Attempt, fields map[string]any, first wire.Answer) {
	second, err := c.settle(ctx, a, fields)
	if ctx.Err() != nil {
		return
	}
	same := slices.EqualFunc(events(first), events(second), func(x, y wire.Event) bool {
		return x.ID == y.ID && x.Message == y.Message && x.Kind == y.Kind && x.Timestamp.Equal(y.Timestamp)
	})
	if err != nil || !same {
		c.book.Fault(fmt.Sprintf("%s of %s (%s) again: %v, %v; first %v", a.Method, a.Task, a.Key, events(second), err, events(first)))
	}
}

// settle repeats a call until its outcome is known.
func (c *caller) settle(ctx context.Context, a Attempt, fields map[string]any) (answer wire.Answer, err error) {
	for ctx.Err() == nil {
		c.phase.RLock()
		answer = wire.Answer{}
		_, err = c.client.Call(ctx, a.Method, a.Key, fields, &answer)
		c.phase.RUnlock()
		if !wire.Unsettled(err) {
			return answer, err
		}
	}
	return answer, ctx.Err()
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
