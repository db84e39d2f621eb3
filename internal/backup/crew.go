package backup

import (
	"context"
	"sync"
)

// hands is how many objects are worked on at once: the sync of one file overlaps
// the reading of others.
const hands = 4

// A crew does many jobs, a few at once, until one fails.
type crew struct {
	ctx     context.Context // ends with the first failure
	fail    context.CancelCauseFunc
	jobs    chan func(context.Context) error
	workers sync.WaitGroup
}

// newCrew begins to work. done must be called.
func newCrew(ctx context.Context) *crew {
	c := &crew{jobs: make(chan func(context.Context) error)}
	c.ctx, c.fail = context.WithCancelCause(ctx)
	for range hands {
		c.workers.Go(func() {
			for job := range c.jobs {
				if c.ctx.Err() != nil {
					continue
				}
				if err := job(c.ctx); err != nil {
					c.fail(err)
				}
			}
		})
	}
	return c
}

// do hands out a job, or returns why no more are taken.
func (c *crew) do(job func(context.Context) error) error {
	select {
	case c.jobs <- job:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// done waits for all jobs and returns the first failure.
func (c *crew) done() error {
	close(c.jobs)
	c.workers.Wait()
	err := context.Cause(c.ctx)
	c.fail(nil)
	return err
}
