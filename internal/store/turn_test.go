package store

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ncruces/go-sqlite3/vfs"
)

// gated is a VFS whose databases cannot be read while its gate is shut.
type gated struct {
	vfs.VFS
	gate chan struct{}
	open atomic.Int64
}

func (g *gated) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	g.open.Add(1)
	<-g.gate
	defer g.open.Add(-1)
	return g.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
}

// However many read at once, few files are open, and who writes does not wait.
func TestReadersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{VFS: vfs.Find(""), gate: make(chan struct{})}
		vfs.Register("gated", g)
		defer vfs.Unregister("gated")
		close(g.gate)
		s := openStore(t, t.TempDir()+"/objects", nil, "gated")
		l := newLife(t, 1, 9)
		write(t, s, l.home(true, 0, 9))
		g.gate = make(chan struct{})
		var wg sync.WaitGroup
		errs := make([]error, 100)
		for i := range errs {
			wg.Go(func() {
				if i%2 == 0 {
					errs[i] = s.Copy(t.Context(), 1, io.Discard)
					return
				}
				_, errs[i] = s.History(t.Context(), 1, all)
			})
		}
		synctest.Wait()
		if n := g.open.Load(); n != maxReads {
			t.Errorf("%d of 100 reads opened the file, want %d", n, maxReads)
		}
		write(t, s, newLife(t, 2, 3).home(true, 0, 3))
		close(g.gate)
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
}
