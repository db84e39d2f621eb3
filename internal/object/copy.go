package object

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Export writes an object's own file to a writer: a SQLite database with
// everything that was committed before the call, and maybe more. The writer
// should be fast, since the object is not written home meanwhile.
//
// It returns journal.ErrNotFound if there is no such object, journal.ErrDamaged
// if its file cannot be trusted, the reason if it cannot be written, or the
// writer's error. What was written before an error is worthless.
func (h *Host[S, E]) Export(ctx context.Context, id string, to io.Writer) error {
	if err := h.flushOne(ctx, h.key(id)); err != nil {
		return err
	}
	o, err := h.enter(ctx, id)
	if err != nil {
		return err
	}
	v := o.view()
	o.mu.Unlock()
	err = h.CopyFile(ctx, v.generation, to)
	if err != nil {
		err = h.unlessMoved(ctx, v, err)
	}
	if errors.Is(err, errMoved) {
		return journal.ErrNotFound
	}
	return err
}

// CopyFile writes a generation's file to a writer, as it is at one moment. It
// returns journal.ErrDamaged if the file is missing or cannot be trusted.
func (h *Host[S, E]) CopyFile(ctx context.Context, generation int64, to io.Writer) (err error) {
	unlock := h.files.read(generation)
	ownStack(func() { err = h.cfg.Home.Copy(ctx, generation, to) })
	unlock()
	switch {
	case isNotFound(err):
		return fmt.Errorf("%w: the file of generation %d is missing", journal.ErrDamaged, generation)
	case errors.Is(err, journal.ErrDamaged):
		h.quarantine(generation)
	}
	return err
}

// KeepFiles keeps the files of objects that are deleted until release is called;
// they go then. Several may keep them at once.
func (h *Host[S, E]) KeepFiles() (release func()) { return h.homes.keep() }
