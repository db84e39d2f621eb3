package kill

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A Sight is what a server says of one task.
type Sight struct {
	Task    *wire.Task   // by GetById; nil if there is none
	Listed  *wire.Task   // by ListAll; nil if it is not in the list
	History []wire.Event // ascending, all of it
}

// An Observation is all that a server says, while nobody writes.
type Observation struct {
	Tasks map[string]*Sight
	Count int64 // of ListAll
	Total int64 // of Stats
}

// readers is how many tasks are read at once.
const readers = 8

// Observe asks for every listed task and for every one in ids. Of those that
// before holds, it asks only the list again: they must not have changed.
func Observe(ctx context.Context, c *wire.Client, ids []string, before map[string]*Sight) (Observation, error) {
	o := Observation{Tasks: map[string]*Sight{}}
	if err := o.list(ctx, c); err != nil {
		return o, err
	}
	for _, id := range ids {
		if o.Tasks[id] == nil {
			o.Tasks[id] = &Sight{}
		}
	}
	if err := o.read(ctx, c, before); err != nil {
		return o, err
	}
	var stats struct {
		Total int64 `json:"total,string"`
	}
	if _, err := c.Call(ctx, "Stats", "", struct{}{}, &stats); err != nil {
		return o, err
	}
	o.Total = stats.Total
	return o, nil
}

// read reads each task, several at once, but for those that before holds.
func (o *Observation) read(ctx context.Context, c *wire.Client, before map[string]*Sight) error {
	errs := make(chan error, len(o.Tasks))
	turn := make(chan struct{}, readers)
	for id, s := range o.Tasks {
		if was := before[id]; was != nil {
			s.Task, s.History = was.Task, was.History
			errs <- nil
			continue
		}
		turn <- struct{}{}
		go func() {
			errs <- s.read(ctx, c, id)
			<-turn
		}()
	}
	var all error
	for range o.Tasks {
		all = errors.Join(all, <-errs)
	}
	return all
}

func (o *Observation) list(ctx context.Context, c *wire.Client) error {
	var token string
	for {
		var page struct {
			Tasks         []wire.Task `json:"tasks"`
			NextPageToken string      `json:"nextPageToken"`
			Count         int64       `json:"count,string"`
		}
		in := map[string]any{"pageSize": 200, "pageToken": token}
		if _, err := c.Call(ctx, "ListAll", "", in, &page); err != nil {
			return err
		}
		for _, t := range page.Tasks {
			if o.Tasks[t.TaskID] != nil {
				return fmt.Errorf("ListAll shows %s twice", t.TaskID)
			}
			o.Tasks[t.TaskID] = &Sight{Listed: &t}
		}
		o.Count = page.Count
		if token = page.NextPageToken; token == "" {
			return nil
		}
	}
}

func (s *Sight) read(ctx context.Context, c *wire.Client, id string) error {
	var got struct {
		Task wire.Task `json:"task"`
	}
	_, err := c.Call(ctx, "GetById", "", map[string]any{"taskId": id}, &got)
	if wire.Code(err) == "not_found" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	s.Task = &got.Task
	for after := int64(0); ; after = s.History[len(s.History)-1].ID {
		var page struct {
			Events []wire.Event `json:"events"`
		}
		// int64 as JSON text, as the JSON of protobuf has it.
		in := map[string]any{"taskId": id, "limit": 1000, "afterSequence": fmt.Sprint(after)}
		if _, err := c.Call(ctx, "GetHistory", "", in, &page); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if len(page.Events) == 0 {
			return nil
		}
		s.History = append(s.History, page.Events...)
	}
}
