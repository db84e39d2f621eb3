package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

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
	var broken error
	for len(firsts) > 0 {
		n := min(len(firsts), atOnce)
		var open []newFile
		for _, i := range firsts[:n] {
			if broken == nil {
				broken = ctx.Err()
			}
			if broken != nil {
				errs[i] = broken
				continue
			}
			var image []byte
			if image, broken = s.build(bench, &work[i]); broken != nil {
				errs[i] = broken
				continue
			}
			f, err := s.put(work[i].Row.Generation, image)
			if errs[i] = err; err == nil {
				open = append(open, newFile{i, f})
			}
		}
		for _, f := range open {
			errs[f.at] = s.settle(f.file, work[f.at].Row.Generation)
		}
		firsts = firsts[n:]
	}
	s.benches.put(bench, broken)
	s.syncNames(work, errs)
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
func (s *Store[S, E]) put(generation int64, image []byte) (File, error) {
	dir, path := s.dir(generation), s.Path(generation)
	if err := s.dirs.ensure(dir); err != nil {
		return nil, err
	}
	if err := s.clear(dir, path); err != nil {
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
func (s *Store[S, E]) clear(dir, path string) error {
	removed, err := s.unlink(path)
	if err != nil || !removed {
		return err
	}
	if err := s.disk.SyncDir(dir); err != nil {
		return fmt.Errorf("store: sync directory: %w", err)
	}
	return nil
}

// unlink removes a file and its journal, not durably. It reports whether one of
// them was there.
func (s *Store[S, E]) unlink(path string) (removed bool, err error) {
	for _, name := range []string{path, journalOf(path)} {
		switch err := s.disk.Remove(name); {
		case err == nil:
			removed = true
		case !errors.Is(err, fs.ErrNotExist):
			return removed, fmt.Errorf("store: remove: %w", err)
		}
	}
	return removed, nil
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
func (s *Store[S, E]) syncNames(work []journal.Homecoming[S, E], errs []error) {
	synced := map[string]error{} // :: directory → how its sync ended
	for i := range work {
		if !work[i].First || errs[i] != nil {
			continue
		}
		dir := filepath.Dir(s.Path(work[i].Row.Generation))
		err, ok := synced[dir]
		if !ok {
			if err = s.disk.SyncDir(dir); err != nil {
				err = fmt.Errorf("store: sync directory: %w", err)
			}
			synced[dir] = err
		}
		errs[i] = err
	}
}
