package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Remove unlinks the files of deleted objects, durably: they do not come back.
// A file that is not there is no error; its directory is synced all the same,
// since who removed it may not have come to that.
func (s *Store[S, E]) Remove(ctx context.Context, generations []int64) error {
	dirs := map[string]bool{}
	var errs []error
	for _, g := range generations {
		if err := ctx.Err(); err != nil {
			return err
		}
		dirs[s.dir(g)] = true
		if _, err := s.unlink(s.Path(g)); err != nil {
			errs = append(errs, err)
		}
	}
	for dir := range dirs {
		if err := s.disk.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("store: sync directory: %w", err))
		}
	}
	return errors.Join(errs...)
}
