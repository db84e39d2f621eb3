package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// classes are the sorts of objects that a data directory holds.
type classes struct {
	tasks    *kept[task.Task, task.Event]
	counters *kept[counter.Counter, counter.Event]
}

// all returns them whatever their types. Tasks come first.
func (c classes) all() []class { return []class{c.tasks, c.counters} }

// newClasses opens the files of every class, and makes their hosts if there is a
// group. The caller closes them, also after an error.
func newClasses(p place) (c classes, err error) {
	if c.tasks, err = keep(p, task.Class{}, task.Layout{}); err != nil {
		return c, err
	}
	c.counters, err = keep(p, counter.Class{}, counter.Layout{})
	return c, err
}

// A class is one sort of objects, whatever the types of their states and events.
type class interface {
	Name() string
	files() files
	host() host
	restorable() backup.Class

	// readable fails if a row is not one of this class.
	readable(o journal.Loaded) error
}

// files are where the objects of a class are at home. *store.Store is.
type files interface {
	Path(generation int64) string
	Check(ctx context.Context, generation int64) (store.Checked, error)
	Generations(ctx context.Context, each func(generation int64) error) error
	Orphans(ctx context.Context, known func(class string, lo, hi int64) (map[int64]bool, error)) ([]string, error)
	Close() error
}

// A host keeps the live objects of a class. *object.Host does.
type host interface {
	backup.Host
	Start()
	Drain()
	Ready() error
	Flush(ctx context.Context) (object.Flushed, error)
	Stop(ctx context.Context) error
}

// kept are the objects of one class in a data directory.
type kept[S, E any] struct {
	object.Class[S, E]
	layout backup.Layout[S, E]
	store  *store.Store[S, E]
	live   *object.Host[S, E] // nil if only the files are looked at
}

// A place is what the classes of a data directory share.
type place struct {
	dir   datadir.Dir
	epoch func() string
	log   *slog.Logger
	group *object.Group // nil if only the files are looked at
}

func keep[S, E any](p place, class object.Class[S, E], layout backup.Layout[S, E]) (*kept[S, E], error) {
	k := &kept[S, E]{Class: class, layout: layout}
	var err error
	k.store, err = store.New(store.Config[S, E]{Dir: p.dir.Objects(), Layout: layout, Encode: class.Encode, Epoch: p.epoch, Log: p.log})
	if err != nil || p.group == nil {
		return k, err
	}
	k.live, err = object.New(object.Config[S, E]{Class: class, Group: p.group, Home: k.store, Now: microNow, Log: p.log})
	return k, err
}

func (k *kept[S, E]) files() files { return k.store }

func (k *kept[S, E]) host() host { return k.live }

func (k *kept[S, E]) restorable() backup.Class { return backup.ClassOf(k.Class, k.layout) }

func (k *kept[S, E]) readable(o journal.Loaded) error {
	_, err := k.Unpack(o.Row, o.Detail)
	return err
}

// closeFiles closes what newClasses opened.
func (c classes) closeFiles() error { return errors.Join(c.tasks.close(), c.counters.close()) }

// close closes the files of a class that was opened.
func (k *kept[S, E]) close() error {
	if k == nil || k.store == nil {
		return nil
	}
	return k.store.Close()
}

// start lets every host take calls.
func (c classes) start() {
	for _, class := range c.all() {
		class.host().Start()
	}
}

// drain lets every host refuse calls.
func (c classes) drain() {
	for _, class := range c.all() {
		class.host().Drain()
	}
}

// hostReady says why calls are not taken; nil while they are.
func (c classes) hostReady() error {
	for _, class := range c.all() {
		if err := class.host().Ready(); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes every object home.
func (c classes) Flush(ctx context.Context) (done object.Flushed, err error) {
	for _, class := range c.all() {
		some, e := class.host().Flush(ctx)
		done.Objects += some.Objects
		done.Events += some.Events
		err = errors.Join(err, e)
	}
	return done, err
}

// stopHosts stops every host; see object.Host.Stop.
func (c classes) stopHosts(ctx context.Context) error {
	c.drain() // all of them, before one waits for what is under way
	all := c.all()
	errs := make([]error, len(all))
	var stopping sync.WaitGroup
	for i, class := range all {
		stopping.Go(func() { errs[i] = class.host().Stop(ctx) })
	}
	stopping.Wait()
	return errors.Join(errs...)
}
