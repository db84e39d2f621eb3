package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

// The reasons why a backup cannot begin, by errors.Is.
var (
	// ErrDir: no backup can be made there.
	ErrDir = errors.New("no place for a backup")

	// ErrExists: something is there already.
	ErrExists = errors.New("it exists")
)

// A Host keeps the objects of one class. *object.Host is one.
type Host interface {
	// KeepFiles keeps the files of deleted objects until release is called.
	KeepFiles() (release func())

	// CopyFile writes a generation's file, as it is at one moment. It returns
	// journal.ErrDamaged if it is missing or cannot be trusted.
	CopyFile(ctx context.Context, generation int64, to io.Writer) error
}

// Source is what a backup is taken of, and how. DataDir, Ledger, Hosts and Now
// are required.
type Source struct {
	DataDir string // a backup cannot be inside of it
	Ledger  *ledger.Ledger
	Hosts   map[string]Host // :: class → who keeps its objects
	Now     func() time.Time

	// Progress, if not nil, is told how far it is. One goroutine at a time calls
	// it.
	Progress func(Progress)

	// Disk and VFS are as in store.Config.
	Disk store.Disk
	VFS  string
}

// Progress is how far a backup is, or a restore.
type Progress struct {
	LedgerBytes, LedgerBytesTotal int64
	Objects, ObjectsTotal         int64 // the latter is 0 until the ledger is copied
}

// Take makes a backup in a new directory, whose parent exists, while the source
// goes on. When it returns nil, the backup is whole and on disk. It has
// everything that was committed before the call, and is one moment of the
// ledger.
//
// It fails with ErrDir, ErrExists, ledger.ErrCopying, or journal.ErrDamaged if
// the file of an object is missing or damaged. After a failure it removes what
// it made.
func Take(ctx context.Context, dir string, src Source) (m Manifest, err error) {
	if src.Disk == nil {
		src.Disk = store.OS
	}
	if err := src.check(dir); err != nil {
		return m, err
	}
	if err := src.Disk.Mkdir(dir); errors.Is(err, fs.ErrExist) {
		return m, fmt.Errorf("backup: %s: %w: a backup goes into a new directory", dir, ErrExists)
	} else if err != nil {
		return m, fmt.Errorf("backup: %w: %w", ErrDir, err)
	}
	// Before the ledger is copied: what it names must not go before it is copied.
	for _, h := range src.Hosts {
		defer h.KeepFiles()()
	}
	t := &taking{Source: src, dir: dir, made: map[string]bool{}}
	if err := t.take(ctx); err != nil {
		if src.VFS == "" {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		return m, err
	}
	return t.manifest, nil
}

// check sees that the directory is a path that means the same to everybody, and
// does not grow with what it is a copy of.
func (src *Source) check(dir string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("backup: %q: %w: give an absolute path", dir, ErrDir)
	}
	inside, err := filepath.Abs(src.DataDir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if rel, err := filepath.Rel(inside, dir); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("backup: %s: %w: it is inside the data directory", dir, ErrDir)
	}
	return nil
}

// A taking is a backup that is being taken.
type taking struct {
	Source
	dir      string
	manifest Manifest
	progress Progress
	made     map[string]bool // :: directory → it is there, its names are not synced

	mu  sync.Mutex // for progress, bytes and bad, while files are copied
	bad []string   // ids of objects without a file that can be trusted
}

func (t *taking) take(ctx context.Context) (err error) {
	m := &t.manifest
	m.Format, m.TakenAt, m.Epoch = format, t.Now().UTC(), t.Ledger.Epoch()
	copied := filepath.Join(t.dir, ledgerName)
	m.LSN, err = t.Ledger.Copy(ctx, copied, func(done, total int64) {
		m.Bytes = total
		t.progress.LedgerBytes, t.progress.LedgerBytesTotal = done, total
		t.tell()
	})
	if err != nil {
		return err
	}
	if err := t.makeDir(filepath.Join(t.dir, objectsName)); err != nil {
		return err
	}
	if m.Objects, err = ledger.CountCopied(copied, t.VFS); err != nil {
		return err
	}
	t.progress.ObjectsTotal = m.Objects
	if err := t.copyFiles(ctx, copied); err != nil {
		return err
	}
	// All names before that of the manifest, which says that they are there.
	t.made[t.dir] = true
	for dir := range t.made {
		if err := t.Disk.SyncDir(dir); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	if err := m.write(t.Disk, t.dir); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := t.Disk.SyncDir(filepath.Dir(t.dir)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func (t *taking) tell() {
	if t.Progress != nil {
		t.Progress(t.progress)
	}
}

// makeDir makes a directory and those above it, below the backup's own.
func (t *taking) makeDir(dir string) error {
	if t.made[dir] || dir == t.dir {
		return nil
	}
	if err := t.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := t.Disk.Mkdir(dir); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	t.made[dir] = true
	return nil
}

// copyFiles copies the files that the copy of the ledger needs.
func (t *taking) copyFiles(ctx context.Context, copied string) error {
	workers := newCrew(ctx)
	err := ledger.EachCopied(ctx, copied, t.VFS, func(key journal.Key, generation int64, home bool) error {
		host, ok := t.Hosts[key.Class]
		if !ok {
			return fmt.Errorf("backup: %s %q is of a class that this program does not know", key.Class, key.ID)
		}
		if !home {
			t.count(0)
			return nil
		}
		path := store.Path(filepath.Join(t.dir, objectsName), key.Class, generation)
		if err := t.makeDir(filepath.Dir(path)); err != nil {
			return err
		}
		t.manifest.Files++
		return workers.do(func(ctx context.Context) error {
			n, err := t.copyFile(ctx, host, generation, path)
			if errors.Is(err, journal.ErrDamaged) {
				return t.note(key)
			}
			t.count(n)
			return err
		})
	})
	if cause := workers.done(); cause != nil {
		err = cause
	}
	if err != nil {
		return err
	}
	if len(t.bad) > 0 {
		return fmt.Errorf("backup: %w: the files of %s are missing or damaged; delete them, or restore their files", journal.ErrDamaged, list(t.bad))
	}
	return nil
}

// copyFile copies one file, durably but for its name.
func (t *taking) copyFile(ctx context.Context, host Host, generation int64, path string) (int64, error) {
	f, err := t.Disk.Create(path)
	if err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	w := &meter{to: f}
	err = host.CopyFile(ctx, generation, w)
	if err == nil {
		err = f.Sync()
	}
	return w.n, errors.Join(err, f.Close())
}

type meter struct {
	to io.Writer
	n  int64
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.to.Write(p)
	m.n += int64(n)
	return n, err
}

// count notes that an object is done, with so many bytes of its file.
func (t *taking) count(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.manifest.Bytes += bytes
	t.progress.Objects++
	t.tell()
}

// maxBad is how many objects a failure names.
const maxBad = 20

// note notes an object whose file cannot be had. The others are looked at
// nevertheless, so that all are told at once.
func (t *taking) note(key journal.Key) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bad = append(t.bad, fmt.Sprintf("%s %q", key.Class, key.ID)); len(t.bad) > maxBad {
		return fmt.Errorf("backup: %w: the files of %s and more are missing or damaged", journal.ErrDamaged, list(t.bad))
	}
	return nil
}

func list(names []string) string { return strings.Join(slices.Sorted(slices.Values(names)), ", ") }
