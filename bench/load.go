package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// hot is the load of some clients on one task.
func hot(clients int) func(*bench) load {
	return func(b *bench) load {
		return load{
			clients: clients,
			prepare: func(ctx context.Context) error {
				_, err := b.api.Call(ctx, "Create", "", map[string]any{"taskId": "hot"}, nil)
				return err
			},
			client: func(ctx context.Context, n int, m *meter) error {
				for i := 0; ctx.Err() == nil; i++ {
					body := fmt.Appendf(nil, `{"taskId":"hot","event":{"message":"client %d, event %d","progress":%d}}`, n, i, i%101)
					if err := b.timed(m, "AddEvent", body); err != nil {
						return err
					}
				}
				return nil
			},
			verify: func(ctx context.Context, calls int) (int, int, error) {
				var got struct {
					Task wire.Task `json:"task"`
				}
				_, err := b.api.Call(ctx, "GetById", "", map[string]any{"taskId": "hot"}, &got)
				return calls + 1 - int(got.Task.Sequence), 0, err
			},
		}
	}
}

const updates = 10

// lifecycle is the load of clients that each live through one task after another.
func lifecycle(clients int) func(*bench) load {
	return func(b *bench) load {
		return load{
			clients: clients,
			prepare: func(context.Context) error { return nil },
			client: func(ctx context.Context, n int, m *meter) error {
				for i := 0; ctx.Err() == nil; i++ {
					if err := b.live(m, fmt.Sprintf("task-%d-%d", n, i)); err != nil {
						return err
					}
				}
				return nil
			},
			verify: func(ctx context.Context, calls int) (int, int, error) {
				var stats struct {
					Total int64 `json:"total,string"`
				}
				_, err := b.api.Call(ctx, "Stats", "", struct{}{}, &stats)
				done := calls / (updates + 2)
				return done - int(stats.Total), done, err
			},
		}
	}
}

// live lives through one task.
func (b *bench) live(m *meter, id string) error {
	if err := b.timed(m, "Create", fmt.Appendf(nil, `{"taskId":%q,"metadata":{"source":"bench"}}`, id)); err != nil {
		return err
	}
	for n := range updates {
		body := fmt.Appendf(nil, `{"taskId":%q,"progress":%d,"message":"step %d of %d"}`, id, n*10, n, updates)
		if err := b.timed(m, "UpdateProgress", body); err != nil {
			return err
		}
	}
	return b.timed(m, "Complete", fmt.Appendf(nil, `{"taskId":%q,"metadata":{"ok":true}}`, id))
}

func (b *bench) timed(m *meter, method string, body []byte) error {
	start := time.Now()
	err := b.post(method, body)
	m.record(time.Since(start))
	return err
}
