package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
)

// Remove unlinks the files of deleted objects, durably: they do not come back.
// A file that is not there is no error; its directory is synced all the same,
// since who removed it may not have come to that.
func (s *Store[S, E]) Remove(ctx context.Context, generations []int64) error {
	at := places{}
	var errs []error
	for _, g := range generations {
		if err := ctx.Err(); err != nil {
			return err
		}
		dir := s.dir(g)
		if _, ok := at[dir]; !ok {
			there, err := s.anchor(dir)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if !there {
				continue
			}
			at[dir] = s.dirs.failures(dir)
		}
		_, err := s.unlink(s.Path(g), at[dir] > 0)
		errs = append(errs, err)
	}
	for dir, failed := range at {
		if err := s.dirs.sync(dir, failed); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// anchor makes the name of a directory durable, so that none that it has replaced
// comes back with the files it held. It reports false if nothing can: the one it
// would be in does not exist.
func (s *Store[S, E]) anchor(dir string) (there bool, err error) {
	if there, err = s.disk.Exists(filepath.Dir(dir)); err != nil || !there {
		return there, err
	}
	return true, s.dirs.ensure(dir)
}
