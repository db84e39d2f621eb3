package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// errOther: a file is whole, but its history is not the journal's. Which of the
// two is right nobody can say here, so neither is given up.
var errOther = errors.New("it is another history than the journal's")

func other(format string, args ...any) error {
	return fmt.Errorf("%w: %w: "+format, append([]any{journal.ErrDamaged, errOther}, args...)...)
}

// errInDoubt: a file holds nothing that the journal does not, and this process
// did not make it durable. As with a First, it is not trusted.
var errInDoubt = errors.New("store: the file is begun anew and may not be durable")

// begun are the generations whose file this process has begun anew, durably.
type begun struct {
	mu sync.Mutex
	by map[int64]bool
}

func (b *begun) has(generation int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.by[generation]
}

func (b *begun) add(generation int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by == nil {
		b.by = map[int64]bool{}
	}
	b.by[generation] = true
}

// keep adds to a file. One that is missing or not whole is begun anew.
func (s *Store[S, E]) keep(ctx context.Context, w *journal.Homecoming[S, E]) error {
	err := s.append(w)
	switch {
	case err == nil, errors.Is(err, errOther):
		return err
	case errors.Is(err, errInDoubt):
		return s.makeAnew(ctx, w)
	case errors.Is(err, journal.ErrDamaged), errors.Is(err, journal.ErrNotFound):
		return s.beginAnew(ctx, w, err)
	}
	return err
}

// beginAnew makes a file that begins with what is to be added, because the one
// that should hold what comes before does not. What is left of that goes to
// quarantine first. If that fails, or the program ends before the new file is
// durable, the next try finds it missing, not whole or in doubt, and begins again.
func (s *Store[S, E]) beginAnew(ctx context.Context, w *journal.Homecoming[S, E], why error) error {
	root := filepath.Join(s.cfg.Dir, s.class)
	if exists, err := s.disk.Exists(root); err != nil || !exists {
		return errors.Join(fmt.Errorf("store: %s is missing with all files in it; is a disk not mounted?", root), err, why)
	}
	dir := s.dir(w.Row.Generation)
	if exists, err := s.disk.Exists(dir); err == nil && !exists {
		s.dirs.forget(dir)
	}
	moved, err := s.retire(w.Row.Generation)
	if err != nil {
		return errors.Join(why, err)
	}
	if err := s.makeAnew(ctx, w); err != nil {
		return errors.Join(err, why)
	}
	s.cfg.Log.Error("the file of an object was damaged or missing and is begun anew: its history before is lost",
		"class", s.class, "id", w.Row.ID, "generation", w.Row.Generation, "begins_with", w.Records[0].Sequence, "quarantine", moved, "error", why)
	return nil
}

// makeAnew makes a file of nothing but what is to be added.
func (s *Store[S, E]) makeAnew(ctx context.Context, w *journal.Homecoming[S, E]) error {
	anew := []journal.Homecoming[S, E]{*w}
	anew[0].First = true
	errs := make([]error, 1)
	if s.create(ctx, anew, []int{0}, errs); errs[0] != nil {
		return errs[0]
	}
	s.begun.add(w.Row.Generation)
	return nil
}

// Quarantine moves a file to DATA_DIR/quarantine, durably, if it is damaged. One
// that is whole stays; one that is not there is no error.
func (s *Store[S, E]) Quarantine(ctx context.Context, generation int64) error {
	_, err := s.Check(ctx, generation)
	switch {
	case err == nil, errors.Is(err, journal.ErrNotFound):
		return nil
	case !errors.Is(err, journal.ErrDamaged):
		return err
	}
	moved, failed := s.retire(generation)
	if failed == nil {
		s.cfg.Log.Error("the file of an object is damaged and was put into quarantine: its history is lost, the object goes on",
			"class", s.class, "generation", generation, "quarantine", moved, "error", err)
	}
	return failed
}

// retire moves what there is of a generation's file to quarantine, durably, and
// returns the new names.
func (s *Store[S, E]) retire(generation int64) ([]string, error) {
	path, dir := s.Path(generation), s.dir(generation)
	var there []string
	for _, name := range []string{path, journalOf(path)} {
		exists, err := s.disk.Exists(name)
		if err != nil {
			return nil, fmt.Errorf("store: quarantine: %w", err)
		}
		if exists {
			there = append(there, name)
		}
	}
	moved, err := s.quarantine(dir, there)
	if errors.Is(err, fs.ErrNotExist) {
		return moved, nil // the directory is gone with all that was in it
	}
	return moved, err
}
