package kill

import (
	"context"
	"fmt"
)

// sharedTask is the id of a task that all workers write to and that is never
// deleted; sharedTasks is how many there are.
func sharedTask(n int) string { return fmt.Sprintf("shared-%d", n) }

const sharedTasks = 3

// churnTask is the id that is created and deleted again and again.
const churnTask = "churn"

// begin creates the shared tasks.
func (c *caller) begin(ctx context.Context) {
	for n := range sharedTasks {
		c.create(ctx, sharedTask(n))
	}
}

// work lives through one task after another until the context ends.
func (c *caller) work(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%s-%d", c.name, n)
		c.life(ctx, id)
		if c.random.IntN(3) == 0 {
			c.remove(ctx, id)
			if c.random.IntN(2) == 0 {
				c.life(ctx, id)
			}
		}
	}
}

// churn lives through the same short life until the context ends.
func (c *caller) churn(ctx context.Context) {
	for ctx.Err() == nil {
		c.create(ctx, churnTask)
		for range 1 + c.random.IntN(5) {
			c.update(ctx, churnTask)
		}
		c.remove(ctx, churnTask)
	}
}

// life creates a task, reports on it and, mostly, ends it.
func (c *caller) life(ctx context.Context, id string) {
	c.create(ctx, id)
	for range c.random.IntN(12) {
		c.update(ctx, id)
		c.update(ctx, sharedTask(c.random.IntN(sharedTasks)))
	}
	switch c.random.IntN(4) {
	case 0:
		return // goes on for ever
	case 1:
		c.do(ctx, "Complete", id, map[string]any{"metadata": map[string]any{"by": c.name}}, Entry{Kind: "task.succeeded"})
	case 2:
		c.do(ctx, "Fail", id, map[string]any{"error": "as planned"}, Entry{Kind: "task.failed"})
	case 3:
		c.do(ctx, "Cancel", id, nil, Entry{Kind: "task.canceled"})
	}
	c.refuse(ctx, "failed_precondition", "UpdateProgress", id, map[string]any{"progress": 1})
	c.refuse(ctx, "failed_precondition", "Complete", id, nil)
	c.note(ctx, id)
}

func (c *caller) create(ctx context.Context, id string) {
	c.do(ctx, "Create", id, map[string]any{"metadata": map[string]any{"by": c.name}}, Entry{Kind: "task.created"})
}

func (c *caller) remove(ctx context.Context, id string) {
	if c.do(ctx, "Delete", id, nil) {
		c.refuse(ctx, "not_found", "UpdateProgress", id, map[string]any{"progress": 1})
	}
}

// update reports in one of the ways there are.
func (c *caller) update(ctx context.Context, id string) {
	switch c.random.IntN(4) {
	case 0:
		c.note(ctx, id)
	case 1:
		text := c.text()
		event := map[string]any{"message": text, "progress": c.random.IntN(101)}
		c.do(ctx, "AddEvent", id, map[string]any{"event": event}, Entry{Kind: "task.event", Text: text})
	case 2:
		var entries []Entry
		var several []map[string]any
		for range 2 + c.random.IntN(4) {
			text := c.text()
			entries = append(entries, Entry{Kind: "task.event", Text: text})
			several = append(several, map[string]any{"message": text})
		}
		c.do(ctx, "AddEvent", id, map[string]any{"events": several}, entries...)
	case 3:
		text := c.text()
		fields := map[string]any{"progress": c.random.IntN(101), "message": text}
		c.do(ctx, "UpdateProgress", id, fields, Entry{Kind: "task.progress", Text: text})
	}
}

// note adds a line to the log, which is accepted of a finished task too.
func (c *caller) note(ctx context.Context, id string) {
	text := c.text()
	c.do(ctx, "AddEvent", id, map[string]any{"event": map[string]any{"message": text}}, Entry{Kind: "task.event", Text: text})
}
