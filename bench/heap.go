package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

const (
	heapTasks   = 10_000
	heapClients = 64
	aLongTime   = time.Hour // nothing goes home or to sleep by itself
)

// A house is ledger, store, host and service without doors, in this process.
type house struct {
	ledger  *ledger.Ledger
	store   *store.Store[task.Task, task.Event]
	host    *object.Host[task.Task, task.Event]
	service *service.Service[task.Task, task.Event, task.Command]
}

// heap fills a house with live tasks and weighs it, before and after they are
// written home.
func heap(ctx context.Context, o options) error {
	dir := filepath.Join(o.dir, "heap")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	h, err := openHouse(dir, aLongTime)
	if err != nil {
		return err
	}
	defer h.close()
	before := heapInUse()
	if err := h.fill(ctx); err != nil {
		return err
	}
	away := heapInUse() - before
	if live := h.host.Stats().Live; live != heapTasks {
		return fmt.Errorf("heap: %d of %d tasks are live", live, heapTasks)
	}
	if _, err := h.host.Flush(ctx); err != nil {
		return err
	}
	home := heapInUse() - before
	kib := func(n int64) float64 { return float64(n) / heapTasks / (1 << 10) }
	fmt.Printf("\n%-10s %d live tasks, 10 updates each, no watchers: %.1f KiB a task before it is home, %.1f KiB once it is\n",
		"heap", heapTasks, kib(away), kib(home))
	return nil
}

// openHouse opens a house in which objects go home and to sleep after a while.
func openHouse(dir string, while time.Duration) (*house, error) {
	start := time.Now()
	now := func() int64 { return time.Now().UnixMicro() }
	h := &house{}
	var err error
	h.ledger, err = ledger.New(ledger.Config{Dir: dir, Now: now, Monotonic: func() int64 { return time.Since(start).Microseconds() }})
	if err != nil {
		return nil, err
	}
	h.store, err = store.New(store.Config[task.Task, task.Event]{
		Dir: filepath.Join(dir, "objects"), Layout: task.Layout{}, Encode: task.Class{}.Encode, Epoch: h.ledger.Epoch,
	})
	if err != nil {
		return nil, err
	}
	h.host, err = object.New(object.Config[task.Task, task.Event]{
		Class: task.Class{}, Journal: h.ledger, Home: h.store, Now: now,
		IdleAfter: while, OldAfter: while, SleepAfter: while,
	})
	if err != nil {
		return nil, err
	}
	if h.service, err = service.New(service.Config[task.Task, task.Event, task.Command]{Class: task.Rules{}, Host: h.host, Lister: h.ledger}); err != nil {
		return nil, err
	}
	h.host.Start()
	return h, nil
}

// close is best effort: the figures are known by then.
func (h *house) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = h.host.Stop(ctx)
	_ = h.store.Close()
	_ = h.ledger.Close()
}

// fill makes the tasks, many at once, as callers would.
func (h *house) fill(ctx context.Context) error {
	errs := make([]error, heapClients)
	var clients sync.WaitGroup
	for n := range heapClients {
		clients.Go(func() {
			for i := n; i < heapTasks && errs[n] == nil; i += heapClients {
				errs[n] = h.live(ctx, fmt.Sprintf("task-%d", i))
			}
		})
	}
	clients.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *house) live(ctx context.Context, id string) error {
	who := auth.Principal{Subject: "bench", Scopes: auth.Admin}
	if _, err := h.service.Do(ctx, who, task.Create{ID: id, Metadata: `{"source":"bench"}`}, nil); err != nil {
		return err
	}
	for n := range updates {
		report := task.SetProgress{Target: task.Target{ID: id}, Progress: n * 10, Message: fmt.Sprintf("step %d of %d", n, updates)}
		if _, err := h.service.Do(ctx, who, report, nil); err != nil {
			return err
		}
	}
	return nil
}

// heapInUse is the heap after two collections: the second frees what finalizers
// and pools let go.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
