package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Export returns an object's own SQLite file as it is now: it holds everything that
// was committed before the call. The caller closes it, and reads it as slowly as
// it likes: it is a copy without a name, in the system's directory of temporary
// files, and holds up nobody.
//
// It fails with the class's NotFound, and with journal.ErrDamaged if the file cannot
// be trusted.
func (s *Service[S, E, C]) Export(ctx context.Context, id string) (io.ReadCloser, error) {
	if err := s.class.ValidID(id); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "spectralnotify-export-")
	if err != nil {
		return nil, fmt.Errorf("service: export: %w (TMPDIR says where)", err)
	}
	err = os.Remove(f.Name())
	if err == nil {
		err = s.host.Export(ctx, id, f)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(s.told(err, id), f.Close())
	}
	return f, nil
}
