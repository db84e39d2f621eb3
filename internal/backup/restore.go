package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

// Target is a data directory that is made anew. Dir, Classes, Now and Monotonic
// are required.
type Target struct {
	Dir     datadir.Dir // exists, and the caller holds it
	Classes []Class

	// Now and Monotonic are as in ledger.Config.
	Now, Monotonic func() int64

	Log *slog.Logger // nil: discarded

	// Progress, if not nil, is told how far it is. One goroutine at a time calls
	// it.
	Progress func(Progress)

	// Disk and VFS are as in store.Config.
	Disk store.Disk
	VFS  string
}

func (t *Target) fill() {
	if t.Disk == nil {
		t.Disk = store.OS
	}
	if t.Progress == nil {
		t.Progress = func(Progress) {}
	}
}

// openLedger opens the ledger in a directory of the target.
func (t *Target) openLedger(dir string) (*ledger.Ledger, error) {
	return ledger.New(ledger.Config{Dir: dir, Now: t.Now, Monotonic: t.Monotonic, VFS: t.VFS, Log: t.Log})
}

// Restore makes a data directory of a backup: every object as it was when the
// ledger was copied, with another epoch. The target has nothing in it but its
// lock. When Restore returns nil, it is whole and on disk.
//
// Until then the target holds the mark of an unfinished restore, by which
// datadir.Dir.Hold refuses it: after a failure it is worthless. The error is
// ErrUnfinished or ErrNewer if it is no backup that can be restored, and
// journal.ErrDamaged if it is not what was written.
func Restore(ctx context.Context, from string, t Target) (Manifest, error) {
	t.fill()
	m, err := ReadManifest(from)
	if err != nil {
		return m, err
	}
	mark := t.Dir.Restoring()
	if err := writeFile(t.Disk, mark, []byte("from "+from+"\n")); err != nil {
		return m, fmt.Errorf("backup: restore: %w", err)
	}
	if err := t.Disk.SyncDir(string(t.Dir)); err != nil {
		return m, fmt.Errorf("backup: restore: %w", err)
	}
	r := &restoring{Target: t, from: from, manifest: m, dirs: map[string]bool{}}
	if err := r.restore(ctx); err != nil {
		return m, err
	}
	if err := t.Disk.Remove(mark); err != nil {
		return m, fmt.Errorf("backup: restore: %w", err)
	}
	return m, t.Disk.SyncDir(string(t.Dir))
}

// A restoring is a restore under way.
type restoring struct {
	Target
	from     string
	manifest Manifest
	ledger   *ledger.Ledger

	mu       sync.Mutex      // for what follows
	dirs     map[string]bool // :: directory → it has files whose names are to be synced
	progress Progress
}

func (r *restoring) restore(ctx context.Context) (err error) {
	if err := r.copyLedger(ctx); err != nil {
		return err
	}
	if r.ledger, err = r.openLedger(string(r.Dir)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.ledger.Close()) }()
	if err := r.ledger.Renew(ctx); err != nil {
		return err
	}
	r.progress.ObjectsTotal = r.manifest.Objects
	for _, class := range r.Classes {
		if err := r.placeAll(ctx, class); err != nil {
			return err
		}
	}
	for dir := range r.dirs {
		if err := r.Disk.SyncDir(dir); err != nil {
			return fmt.Errorf("backup: restore: %w", err)
		}
	}
	if r.progress.Objects != r.manifest.Objects {
		return fmt.Errorf("backup: restore %s: %w: it has %d objects of the classes that this program knows, and %s says %d",
			r.from, journal.ErrDamaged, r.progress.Objects, manifestName, r.manifest.Objects)
	}
	return nil
}

// copyLedger puts the ledger in its place.
func (r *restoring) copyLedger(ctx context.Context) error {
	in, err := os.Open(filepath.Join(r.from, ledgerName))
	if err != nil {
		return fmt.Errorf("backup: restore: %w", err)
	}
	defer in.Close()
	out, err := r.Disk.Create(r.Dir.Ledger())
	if err != nil {
		return fmt.Errorf("backup: restore: %w", err)
	}
	_, err = io.Copy(writer{out}, reader{ctx, in})
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("backup: restore the ledger: %w", err)
	}
	if err := r.Disk.SyncDir(string(r.Dir)); err != nil {
		return fmt.Errorf("backup: restore: %w", err)
	}
	return nil
}

// A reader stops when its context ends.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// A writer is nothing but one, so that io.Copy does not go around the reader.
type writer struct{ io.Writer }

// placeAll puts the files of one class in their places.
func (r *restoring) placeAll(ctx context.Context, class Class) (err error) {
	f, err := class.open(r.Disk, r.VFS, r.Dir.Objects(), r.ledger.Epoch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	workers := newCrew(ctx)
	query := journal.Query{Class: class.name(), Limit: 1000}
	for more := true; more && err == nil; {
		var page journal.Page
		if page, err = r.ledger.List(ctx, query); err != nil {
			break
		}
		for _, row := range page.Rows {
			if err = workers.do(func(ctx context.Context) error { return r.placeOne(ctx, f, row.Row.Key) }); err != nil {
				break
			}
		}
		query.Before, more = page.Next, page.Next != 0
	}
	if cause := workers.done(); cause != nil {
		err = cause
	}
	return err
}

// placeOne puts the file of one object in its place, if the ledger needs it.
func (r *restoring) placeOne(ctx context.Context, f files, key journal.Key) error {
	o, err := r.ledger.Load(ctx, key)
	if err != nil {
		return err
	}
	home := len(o.Pending) == 0 || o.Pending[0].Sequence > 1
	if home {
		if err := r.placeFile(ctx, f, o); err != nil {
			return fmt.Errorf("backup: restore %s %q: %w", key.Class, key.ID, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if home {
		r.dirs[filepath.Dir(f.Path(o.Row.Generation))] = true
	}
	r.progress.Objects++
	r.Progress(r.progress)
	return nil
}

func (r *restoring) placeFile(ctx context.Context, f files, o journal.Loaded) error {
	in, err := os.Open(store.Path(filepath.Join(r.from, objectsName), o.Row.Class, o.Row.Generation))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: the backup lacks its file: %w", journal.ErrDamaged, err)
	}
	if err != nil {
		return err
	}
	defer in.Close()
	return f.place(ctx, o, in)
}
