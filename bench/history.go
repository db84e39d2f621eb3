package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// historyLengths are where a task is measured, in events.
var historyLengths = []int{100, 1_000, 10_000, 25_000, 50_000}

// history measures the calls of one task as it grows: one client, one call after
// the other.
func history(ctx context.Context, o options) error {
	b, err := newBench(ctx, o, "history", nil)
	if err != nil {
		return err
	}
	defer func() { _ = b.process.Kill() }()
	if _, err := b.api.Call(ctx, "Create", "", map[string]any{"taskId": "long"}, nil); err != nil {
		return err
	}
	fmt.Printf("\n%-10s %12s %14s %18s %14s\n", "history", "events", "AddEvent p50", "GetHistory p50 ms", "GetById p50")
	events := 1
	for _, length := range historyLengths {
		if events, err = b.grow(ctx, events, length); err != nil {
			return err
		}
		// What was added by the way is home.
		if _, err := b.flush(ctx, o.binary); err != nil {
			return err
		}
		add, err := b.median("AddEvent", `{"taskId":"long","event":{"message":"one more"}}`)
		if err != nil {
			return err
		}
		events += medianOf
		page, err := b.median("GetHistory", `{"taskId":"long","limit":50}`)
		if err != nil {
			return err
		}
		get, err := b.median("GetById", `{"taskId":"long"}`)
		if err != nil {
			return err
		}
		fmt.Printf("%-10s %12d %14.2f %18.2f %14.2f\n", "", length, ms(add), ms(page), ms(get))
	}
	return b.process.Stop()
}

// grow adds events, many a call, until there are as many as wanted.
func (b *bench) grow(ctx context.Context, events, want int) (int, error) {
	type event struct {
		Message string `json:"message"`
	}
	for events < want && ctx.Err() == nil {
		batch := make([]event, min(100, want-events))
		for i := range batch {
			batch[i].Message = fmt.Sprintf("event %d of a long task", events+i+1)
		}
		body, err := json.Marshal(map[string]any{"taskId": "long", "events": batch})
		if err != nil {
			return events, err
		}
		if err := b.post("AddEvent", body); err != nil {
			return events, err
		}
		events += len(batch)
	}
	return events, ctx.Err()
}

// medianOf is how many calls a median is made of.
const medianOf = 400

func (b *bench) median(method, body string) (time.Duration, error) {
	times := make([]time.Duration, medianOf)
	for i := range times {
		start := time.Now()
		if err := b.post(method, []byte(body)); err != nil {
			return 0, err
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return percentile(times, 50), nil
}
