package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/task"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

const (
	fewTasks    = 10_000
	taskEvents  = 12
	fillClients = 1024 // as many commits as share a batch
	pages       = 500
)

// million measures a ledger of many tasks beside an empty one and one of few, in
// one run.
func million(ctx context.Context, o options) error {
	fresh, err := newBench(ctx, o, "empty", nil)
	if err != nil {
		return err
	}
	empty, err := fresh.rate(ctx, o, lifecycle(32)(fresh))
	if err != nil {
		return err
	}
	few, err := filled(ctx, o, "few", fewTasks)
	if err != nil {
		return err
	}
	fewHot, err := few.rate(ctx, o, among(few.bench, fewTasks))
	if err != nil {
		return err
	}
	many, err := filled(ctx, o, "many", o.tasks)
	if err != nil {
		return err
	}
	list, err := many.list(ctx)
	if err != nil {
		return err
	}
	manyNew, err := many.rate(ctx, o, lifecycle(32)(many.bench))
	if err != nil {
		return err
	}
	if many.bench, err = again(ctx, o, "many"); err != nil {
		return err
	}
	manyHot, err := many.rate(ctx, o, among(many.bench, fewTasks))
	if err != nil {
		return err
	}
	if many.bench, err = again(ctx, o, "many"); err != nil {
		return err
	}
	uniform, err := many.rate(ctx, o, among(many.bench, o.tasks))
	if err != nil {
		return err
	}
	fmt.Printf("\n%-10s %d tasks of %d events, filled in %.0f s\n", "million", o.tasks, taskEvents, many.filling.Seconds())
	line := func(what, format string, args ...any) {
		fmt.Printf("%-10s   %-44s "+format+"\n", append([]any{"", what}, args...)...)
	}
	line("start until ready", "%.2f s", many.start.Seconds())
	line("ListAll by status, pages of 50, p50 / p99", "%.2f / %.2f ms", ms(percentile(list, 50)), ms(percentile(list, 99)))
	line("calls on new tasks/s: empty ledger, this one", "%.0f, %.0f: %.2fx", empty, manyNew, manyNew/empty)
	line(fmt.Sprintf("updates/s of %d tasks: of as many, of all", fewTasks), "%.0f, %.0f: %.2fx", fewHot, manyHot, manyHot/fewHot)
	line("updates/s of all tasks, at random", "%.0f", uniform)
	line("disk a task: files, as allocated; ledger", "%.2f KiB, %.2f KiB; %.2f KiB", many.kib(many.size.home), many.kib(many.allocated), many.kib(many.size.ledger))
	return nil
}

// A full bench has tasks from before its start.
type full struct {
	*bench
	filling, start time.Duration
	size           size
	allocated      int64 // bytes of the disk that its task files take
	tasks          int
}

func (f *full) kib(n int64) float64 { return float64(n) / float64(f.tasks) / (1 << 10) }

// filled makes a data directory with tasks in it, by a house of this process, and
// starts a server on it.
func filled(ctx context.Context, o options, name string, tasks int) (*full, error) {
	dir := filepath.Join(o.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	f := &full{tasks: tasks}
	begin := time.Now()
	if err := fillHouse(ctx, dir, tasks); err != nil {
		return nil, err
	}
	f.filling = time.Since(begin)
	f.size, f.allocated = sizeOf(dir), allocated(dir)
	begin = time.Now()
	var err error
	f.bench, err = again(ctx, o, name)
	f.start = time.Since(begin)
	return f, err
}

// again starts a server on a data directory that is there.
func again(ctx context.Context, o options, name string) (*bench, error) {
	return newBench(ctx, o, name, nil)
}

func fillHouse(ctx context.Context, dir string, tasks int) error {
	h, err := openHouse(dir, time.Second)
	if err != nil {
		return err
	}
	defer h.close()
	errs := make([]error, fillClients)
	var clients sync.WaitGroup
	for n := range fillClients {
		clients.Go(func() {
			for i := n; i < tasks && errs[n] == nil && ctx.Err() == nil; i += fillClients {
				errs[n] = h.born(ctx, taskName(i))
			}
		})
	}
	clients.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	_, err = h.host.Flush(ctx)
	return err
}

func taskName(i int) string { return fmt.Sprintf("task-%d", i) }

// born makes one task and gives it the rest of its events.
func (h *house) born(ctx context.Context, id string) error {
	who := auth.Principal{Subject: "bench", Scopes: auth.Admin}
	if _, err := h.service.Do(ctx, who, task.Create{ID: id, Metadata: `{"source":"bench"}`}, nil); err != nil {
		return err
	}
	add := task.AddEvents{Target: task.Target{ID: id}}
	for n := range taskEvents - 1 {
		add.Events = append(add.Events, task.NewEvent{Type: task.Progress, Message: fmt.Sprintf("step %d of %d", n, taskEvents-1), Progress: n * 9, HasProgress: true})
	}
	_, err := h.service.Do(ctx, who, add, nil)
	return err
}

// rate lets a load loose on a server for a while, and ends the server.
func (b *bench) rate(ctx context.Context, o options, l load) (float64, error) {
	defer func() { _ = b.process.Kill() }()
	res, err := b.drive(ctx, l, o.duration)
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, b.process.Log())
	}
	return float64(len(res.times)) / res.took.Seconds(), b.process.Stop()
}

// among is the load of 32 clients that each update a task at random among the
// first n.
func among(b *bench, n int) load {
	return load{
		clients: 32,
		client: func(ctx context.Context, client int, m *meter) error {
			r := rand.New(rand.NewPCG(1, uint64(client)))
			for ctx.Err() == nil {
				body := fmt.Appendf(nil, `{"taskId":%q,"progress":%d,"message":"again"}`, taskName(r.IntN(n)), r.IntN(100))
				if err := b.timed(m, "UpdateProgress", body); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// list returns the times of pages of a listing by status, each of which goes on
// where the one before ended.
func (f *full) list(ctx context.Context) ([]time.Duration, error) {
	times := make([]time.Duration, 0, pages)
	token := ""
	for range pages {
		var page struct {
			Tasks         []wire.Task `json:"tasks"`
			NextPageToken string      `json:"nextPageToken"`
		}
		start := time.Now()
		_, err := f.api.Call(ctx, "ListAll", "", map[string]any{
			"pageSize": 50, "pageToken": token, "filter": map[string]any{"statuses": []string{"TASK_STATUS_IN_PROGRESS"}},
		}, &page)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
		if token = page.NextPageToken; len(page.Tasks) != 50 {
			return nil, fmt.Errorf("a page of %d tasks", len(page.Tasks))
		}
	}
	slices.Sort(times)
	return times, nil
}

// allocated is how much of the disk the task files of a directory take.
func allocated(dir string) (bytes int64) {
	_ = filepath.WalkDir(filepath.Join(dir, "objects"), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			bytes += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return nil
	})
	return bytes
}
