// Package powertest cuts the power under the whole house: host, ledger and
// store together on one disk in memory, under concurrent calls.
package powertest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

type (
	host    = object.Host[task.Task, task.Event]
	home    = object.Home[task.Task, task.Event]
	outcome = object.Outcome[task.Task, task.Event]
	work    = []journal.Homecoming[task.Task, task.Event]
)

// A house is the program, from its start to its end, on a disk.
type house struct {
	*host
	ledger *ledger.Ledger
	store  *store.Store[task.Task, task.Event]
}

var clock atomic.Int64

func now() int64 { return clock.Add(1) }

// open starts a house. Homes are written all the time, so that a cut meets every
// part of the way home.
func open(d *powerfail.Disk, m mutant) (*house, error) {
	return openOn(d, m.disk(d), func(l *ledger.Ledger, s home) (object.Journal, home) { return m.journal(l), m.home(s) })
}

// openWith starts a house with other parts in the place of its own.
func openWith(d *powerfail.Disk, parts func(object.Journal, home) (object.Journal, home)) (*house, error) {
	return openOn(d, d, func(l *ledger.Ledger, s home) (object.Journal, home) { return parts(l, s) })
}

func openOn(d *powerfail.Disk, files store.Disk, parts func(*ledger.Ledger, home) (object.Journal, home)) (*house, error) {
	l, err := ledger.New(ledger.Config{Dir: "/data", VFS: d.VFS(), Now: now, Monotonic: now, Readers: 1})
	if err != nil {
		return nil, err
	}
	s, err := store.New(store.Config[task.Task, task.Event]{
		Dir: "/data/objects", Layout: task.Layout{}, Encode: task.Class{}.Encode, Epoch: l.Epoch, Disk: files, VFS: d.VFS(),
	})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	journal, home := parts(l, s)
	h, err := object.New(object.Config[task.Task, task.Event]{
		Class: task.Class{}, Journal: journal, Home: home, Now: now,
		Scribes: 2, IdleAfter: time.Millisecond, OldAfter: 2 * time.Millisecond, SleepAfter: time.Millisecond,
	})
	if err != nil {
		return nil, errors.Join(err, s.Close(), l.Close())
	}
	h.Start()
	return &house{h, l, s}, nil
}

// close ends the house as a kill does: what is not home stays in the journal.
func (h *house) close() {
	hurry, cancel := context.WithCancel(context.Background())
	cancel()
	_ = h.Stop(hurry) // the disk may be dead
	_ = h.store.Close()
	_ = h.ledger.Close()
}

// do carries out a command, at most once for each key; "" is none.
func (h *house) do(ctx context.Context, cmd task.Command, key string) (outcome, error) {
	var once *object.Idempotency
	if key != "" {
		once = &object.Idempotency{Digest: sha256.Sum256([]byte(key)), Request: sha256.Sum256([]byte(key))}
	}
	return h.Do(ctx, cmd.TaskID(), object.Call[task.Task, task.Event]{
		Reserved:    task.Ends(cmd),
		Idempotency: once,
		Decide: func(t *task.Task, now int64) (object.Decision[task.Task, task.Event], error) {
			c, err := task.Apply(t, cmd, now, "")
			return object.Decision[task.Task, task.Event]{Next: c.Next, Events: c.Events, Delete: c.Delete, Detail: c.Detail}, err
		},
	})
}

// history returns all events of a task, which must be dense.
func (h *house) history(ctx context.Context, id string) (all []task.Event, err error) {
	for {
		some, _, err := h.History(ctx, id, object.HistoryRange{After: int64(len(all)), Ascending: true, Limit: 100})
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}
