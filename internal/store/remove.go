package store

import (
	"context"
	"errors"
	"io/fs"
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
		exists, err := s.disk.Exists(dir)
		if err == nil && !exists {
			continue
		}
		if _, ok := at[dir]; !ok {
			at[dir] = s.dirs.failures(dir)
		}
		if err == nil {
			_, err = s.unlink(s.Path(g), at[dir] > 0)
		}
		errs = append(errs, err)
	}
	for dir, failed := range at {
		if err := s.dirs.sync(dir, failed); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
