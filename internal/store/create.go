package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// atOnce is how many new files are open at once in one call of Write: enough
// that their way to the disk overlaps, few enough for a small limit of file
// descriptors.
const atOnce = 16

// A newFile is one that is written and not durable yet.
type newFile struct {
	at   int // in the work
	file File
}

// places are the directories that get new names in one call of Write: for each,
// how often a sync of it had failed before.
type places map[string]int64

// create makes the first version of files. Each is trusted by nobody until its
// content and its name are durable, so it needs no temporary name.
func (s *Store[S, E]) create(ctx context.Context, work []journal.Homecoming[S, E], firsts []int, errs []error) {
	bench, err := s.benches.get()
	if err != nil {
		for _, i := range firsts {
			errs[i] = err
		}
		return
	}
	at := places{}
	var open []newFile
	var broken error
	for n, i := range firsts {
		if broken == nil {
			broken = ctx.Err()
		}
		var f File
		if errs[i] = broken; broken == nil {
			f, broken, errs[i] = s.begin(bench, at, &work[i])
		}
		if errs[i] == nil {
			open = append(open, newFile{i, f})
		}
		if len(open) == atOnce || n == len(firsts)-1 {
			for _, f := range open {
				errs[f.at] = s.settle(f.file, work[f.at].Row.Generation)
			}
			open = open[:0]
		}
	}
	s.benches.put(bench, broken)
	s.syncNames(at, work, errs)
}

// begin builds and writes one new file; broken is set if the bench is.
func (s *Store[S, E]) begin(b *bench, at places, w *journal.Homecoming[S, E]) (f File, broken, err error) {
	image, broken := s.build(b, w)
	if broken != nil {
		return nil, broken, broken
	}
	dir := s.dir(w.Row.Generation)
	if err := s.dirs.ensure(dir); err != nil {
		return nil, nil, err
	}
	if _, ok := at[dir]; !ok {
		at[dir] = s.dirs.failures(dir)
	}
	f, err = s.put(s.Path(w.Row.Generation), dir, image)
	return f, nil, err
}

// build returns the bytes of an object's file.
func (s *Store[S, E]) build(b *bench, w *journal.Homecoming[S, E]) ([]byte, error) {
	image, err := b.build(s.headRow(w, w.Records[0].Sequence), len(w.Records), func(i int) []any { return s.eventRow(&w.Records[i]) })
	if err != nil {
		return nil, fmt.Errorf("store: build the file of generation %d: %w", w.Row.Generation, err)
	}
	return image, nil
}

// put writes a new file in the place of what may be there, which is not trusted.
func (s *Store[S, E]) put(path, dir string, image []byte) (File, error) {
	if err := s.clear(path, dir); err != nil {
		return nil, err
	}
	f, err := s.disk.Create(path)
	if err != nil {
		return nil, fmt.Errorf("store: create: %w", err)
	}
	if _, err := f.Write(image); err != nil {
		// What is left of it is not trusted, but takes room.
		return nil, errors.Join(fmt.Errorf("store: write: %w", err), f.Close(), s.disk.Remove(path))
	}
	return f, nil
}

// clear removes a file and its journal, durably, if they exist. A journal that
// came back beside a new file would be rolled into it.
func (s *Store[S, E]) clear(path, dir string) error {
	failed := s.dirs.failures(dir)
	removed, err := s.unlink(path, failed > 0)
	if err != nil || !removed {
		return err
	}
	return s.dirs.sync(dir, failed)
}

// unlink removes a file and its journal, not durably. It reports whether one of
// them was there. With doubt, that a file is not there proves nothing: its
// removal may be lost. It is then made and removed, to be removed for certain.
func (s *Store[S, E]) unlink(path string, doubt bool) (removed bool, err error) {
	for _, name := range []string{path, journalOf(path)} {
		err := s.disk.Remove(name)
		if doubt && errors.Is(err, fs.ErrNotExist) {
			err = s.touch(name)
		}
		switch {
		case err == nil:
			removed = true
		case !errors.Is(err, fs.ErrNotExist):
			return removed, fmt.Errorf("store: remove: %w", err)
		}
	}
	return removed, nil
}

// touch makes a file and removes it.
func (s *Store[S, E]) touch(name string) error {
	f, err := s.disk.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), s.disk.Remove(name))
}

// settle makes a new file's content durable, on the descriptor that wrote it.
func (s *Store[S, E]) settle(f File, generation int64) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("store: sync %s: %w", s.Path(generation), err)
	}
	return nil
}

// syncNames makes the names of the new files durable: one sync for each
// directory. If it fails, none of its new files is home.
func (s *Store[S, E]) syncNames(at places, work []journal.Homecoming[S, E], errs []error) {
	synced := make(map[string]error, len(at)) // :: directory → how its sync ended
	for i := range work {
		if !work[i].First || errs[i] != nil {
			continue
		}
		dir := s.dir(work[i].Row.Generation)
		err, ok := synced[dir]
		if !ok {
			err = s.dirs.sync(dir, at[dir])
			synced[dir] = err
		}
		errs[i] = err
	}
}
