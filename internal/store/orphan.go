package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Orphans moves the files that no object owns to DATA_DIR/quarantine, durably,
// and returns the new names. It deletes nothing.
//
// known returns which of the generations lo <= g < hi have an owner; a deleted
// object whose file is still to be removed counts as one. It is asked after the
// names were read, once for each directory, so an object that comes into being
// meanwhile is not taken for an orphan.
func (s *Store[S, E]) Orphans(ctx context.Context, known func(class string, lo, hi int64) (map[int64]bool, error)) ([]string, error) {
	var moved []string
	err := s.eachDir(func(dir string, block int64) error {
		found, err := s.filesIn(dir)
		if err != nil || len(found) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		owned, err := known(s.class, block*perDir, (block+1)*perDir)
		if err != nil {
			return err
		}
		var orphans []string
		for _, f := range found {
			if !owned[f.generation] {
				orphans = append(orphans, f.path)
			}
		}
		names, err := s.quarantine(dir, orphans)
		if len(names) > 0 {
			s.cfg.Log.Warn("files without an owner are in quarantine", "from", dir, "files", names)
		}
		moved = append(moved, names...)
		return err
	})
	return moved, err
}

// Generations calls each for every generation that has a file, in no particular
// order, until it fails.
func (s *Store[S, E]) Generations(ctx context.Context, each func(generation int64) error) error {
	return s.eachDir(func(dir string, _ int64) error {
		found, err := s.filesIn(dir)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := ctx.Err(); err != nil {
				return err
			}
			if f.path != s.Path(f.generation) {
				continue
			}
			if err := each(f.generation); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachDir visits the directories of the class.
func (s *Store[S, E]) eachDir(visit func(dir string, block int64) error) error {
	root := filepath.Join(s.cfg.Dir, s.class)
	names, err := s.disk.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: list: %w", err)
	}
	for _, name := range names {
		block, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			continue // not ours
		}
		if err := visit(filepath.Join(root, name), block); err != nil {
			return err
		}
	}
	return nil
}

// A found file is a database or the journal of one.
type foundFile struct {
	path       string
	generation int64
}

// filesIn returns the files of generations that a directory has.
func (s *Store[S, E]) filesIn(dir string) ([]foundFile, error) {
	names, err := s.disk.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("store: list: %w", err)
	}
	var files []foundFile
	for _, name := range names {
		number, ok := strings.CutSuffix(strings.TrimSuffix(name, "-journal"), ".db")
		generation, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil {
			continue
		}
		files = append(files, foundFile{filepath.Join(dir, name), generation})
	}
	return files, nil
}

// quarantine moves files of one directory away, and makes that durable.
func (s *Store[S, E]) quarantine(dir string, paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	to := filepath.Join(filepath.Dir(s.cfg.Dir), "quarantine")
	if err := s.dirs.ensure(to); err != nil {
		return nil, err
	}
	taken, err := s.disk.ReadDir(to)
	if err != nil {
		return nil, fmt.Errorf("store: list: %w", err)
	}
	var moved []string
	var errs []error
	free := map[string]string{} // :: database → its name in quarantine
	for _, path := range paths {
		database, suffix := path, ""
		if strings.HasSuffix(path, "-journal") {
			database, suffix = strings.TrimSuffix(path, "-journal"), "-journal"
		}
		if free[database] == "" {
			free[database] = freeName(s.class+"-"+filepath.Base(database), taken)
			taken = append(taken, free[database])
		}
		name := free[database] + suffix
		if err := s.disk.Rename(path, filepath.Join(to, name)); err != nil {
			if !errors.Is(err, fs.ErrNotExist) { // removed meanwhile
				errs = append(errs, fmt.Errorf("store: quarantine: %w", err))
			}
			continue
		}
		moved = append(moved, filepath.Join(to, name))
	}
	// The new names first: a file must not be in neither place.
	for _, d := range []string{to, dir} {
		if err := s.dirs.sync(d, s.dirs.failures(d)); err != nil {
			errs = append(errs, err)
			break
		}
	}
	return moved, errors.Join(errs...)
}

// freeName returns a name that neither a database nor a journal has taken, by a
// number before it if need be. A journal beside the wrong database would be
// rolled into it.
func freeName(name string, taken []string) string {
	for n, want := 2, name; ; n++ {
		if !slices.Contains(taken, want) && !slices.Contains(taken, journalOf(want)) {
			return want
		}
		want = strconv.Itoa(n) + "-" + name
	}
}
