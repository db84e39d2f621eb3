package backup

import (
	"context"
	"io"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

// A Layout says how a class's state and events are kept in columns, and how they
// are read back. Its methods are pure and safe for concurrent use.
type Layout[S, E any] interface {
	store.Layout[S, E]

	// ScanState is the inverse of State, as far as the columns tell.
	ScanState(values []any) (S, error)

	// Recall adds to a state that ScanState gave what only an event tells. It is
	// called with every event that the file has, ascending.
	Recall(S, E) S
}

// A Class is a class of objects, as Restore and Rebuild see it.
type Class interface {
	name() string
	open(store.Disk, string, string, func() string) (files, error)
}

// ClassOf returns the class of a kind of objects.
func ClassOf[S, E any](class object.Class[S, E], layout Layout[S, E]) Class {
	return kind[S, E]{class, layout}
}

type kind[S, E any] struct {
	class  object.Class[S, E]
	layout Layout[S, E]
}

func (k kind[S, E]) name() string { return k.class.Name() }

// open opens the files of the class below a directory.
func (k kind[S, E]) open(disk store.Disk, vfs, dir string, epoch func() string) (files, error) {
	s, err := store.New(store.Config[S, E]{
		Dir: dir, Layout: k.layout, Encode: k.class.Encode, Epoch: epoch, Disk: disk, VFS: vfs,
	})
	if err != nil {
		return nil, err
	}
	return &classFiles[S, E]{s, k}, nil
}

// files are those of one class.
type files interface {
	Path(generation int64) string
	Close() error
	Generations(ctx context.Context, each func(generation int64) error) error
	place(ctx context.Context, o journal.Loaded, from io.Reader) error
	recall(ctx context.Context, generation int64) (journal.Row, journal.Detail, error)
}

type classFiles[S, E any] struct {
	*store.Store[S, E]
	kind kind[S, E]
}

// place puts an object's file in its place.
func (f *classFiles[S, E]) place(ctx context.Context, o journal.Loaded, from io.Reader) error {
	state, err := f.kind.class.Unpack(o.Row, o.Detail)
	if err != nil {
		return err
	}
	return f.Place(ctx, o, state, from)
}
