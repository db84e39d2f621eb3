package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

// Rebuilt says what Rebuild made, and what it could not bring back.
type Rebuilt struct {
	Objects int64    // that exist again
	Left    []Left   // files that no object was made of; they stay where they are
	Aside   []string // where the files of the old ledger are now

	// What the old ledger still told of its objects, if it could be read: how
	// many events were in no file, of how many objects, and how many of those
	// are gone altogether. Unread says why that is not known; nil if it is.
	LostEvents, LostOf, Gone int64
	Unread                   error
}

// Left is a file that no object was made of.
type Left struct {
	Path string
	Why  string
}

// Rebuild makes a ledger of the files of objects, with another epoch, for a data
// directory whose ledger is lost or damaged. What there is of the old one goes to
// quarantine. Files are not changed.
//
// It cannot bring back what only the ledger had: events that were not home,
// receipts of idempotency keys, API keys. A rebuild that was interrupted is
// begun anew by the next; until it ends there is the old ledger or none.
func Rebuild(ctx context.Context, t Target) (Rebuilt, error) {
	t.fill()
	r := &rebuilding{Target: t, dir: filepath.Join(string(t.Dir), "rebuilding"), last: map[int64]int64{}}
	if err := r.clear(); err != nil {
		return r.done, err
	}
	var remains ledger.Remains
	remains, r.done.Unread = ledger.ReadRemains(ctx, t.Dir.Ledger(), t.VFS)
	if err := r.make(ctx, remains); err != nil {
		return r.done, fmt.Errorf("backup: rebuild: %w", err)
	}
	r.compare(remains)
	if err := r.swap(); err != nil {
		return r.done, fmt.Errorf("backup: rebuild: %w", err)
	}
	return r.done, nil
}

// A rebuilding is a rebuild under way.
type rebuilding struct {
	Target
	dir    string          // of the new ledger until it takes its place
	last   map[int64]int64 // :: generation → the last event of an object that was made
	ledger *ledger.Ledger
	done   Rebuilt
}

// ledgerFiles are the names that a ledger in a directory may have.
func ledgerFiles(dir string) []string {
	path := filepath.Join(dir, ledger.FileName)
	return []string{path, path + "-wal", path + "-shm"}
}

// clear makes the directory of the new ledger, empty.
func (r *rebuilding) clear() error {
	for _, path := range ledgerFiles(r.dir) {
		if err := r.Disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("backup: rebuild: %w", err)
		}
	}
	if err := r.Disk.Mkdir(r.dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("backup: rebuild: %w", err)
	}
	return nil
}

// make makes the new ledger.
func (r *rebuilding) make(ctx context.Context, remains ledger.Remains) (err error) {
	if r.ledger, err = r.openLedger(r.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.ledger.Close()) }()
	for _, class := range r.Classes {
		if err := r.adoptAll(ctx, class, remains); err != nil {
			return err
		}
	}
	return r.ledger.Renew(ctx)
}

// atOnce is how many objects one transaction takes.
const atOnce = 1000

// adoptAll makes the objects of one class, the newest generation first: if two
// files are of one id, the older one is of an object that was deleted.
func (r *rebuilding) adoptAll(ctx context.Context, class Class, remains ledger.Remains) (err error) {
	f, err := class.open(r.Disk, r.VFS, r.Dir.Objects(), r.ledger.Epoch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var generations []int64
	err = f.Generations(ctx, func(g int64) error {
		generations = append(generations, g)
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(generations)
	slices.Reverse(generations)
	for some := range slices.Chunk(generations, atOnce) {
		var objects []journal.Loaded
		for _, g := range some {
			if remains.Deleted[g] {
				r.leave(f.Path(g), "its object was deleted")
				continue
			}
			row, detail, err := f.recall(ctx, g)
			switch {
			case err == nil:
				objects = append(objects, journal.Loaded{Row: row, Detail: detail})
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, journal.ErrDamaged):
				r.leave(f.Path(g), err.Error())
			default: // such as one of a newer program
				return err
			}
		}
		if err := r.adopt(ctx, f, objects); err != nil {
			return err
		}
	}
	return nil
}

func (r *rebuilding) adopt(ctx context.Context, f files, objects []journal.Loaded) error {
	lost, err := r.ledger.Adopt(ctx, objects)
	if err != nil {
		return err
	}
	for i, o := range objects {
		if slices.Contains(lost, i) {
			r.leave(f.Path(o.Row.Generation), fmt.Sprintf("there is a newer one of %s %q", o.Row.Class, o.Row.ID))
			continue
		}
		r.done.Objects++
		r.last[o.Row.Generation] = o.Row.Sequence
	}
	r.Progress(Progress{Objects: r.done.Objects})
	return nil
}

func (r *rebuilding) leave(path, why string) {
	r.done.Left = append(r.done.Left, Left{path, why})
}

// compare counts what the old ledger had and no file does.
func (r *rebuilding) compare(remains ledger.Remains) {
	for generation, upto := range remains.Pending {
		last, made := r.last[generation]
		if upto <= last || remains.Deleted[generation] {
			continue
		}
		r.done.LostEvents += upto - last
		r.done.LostOf++
		if !made {
			r.done.Gone++
		}
	}
}

// swap puts the old ledger into quarantine and the new one into its place. The
// names of the old one are gone for certain before the new one has its: a -wal
// that came back would be taken for the new one's.
func (r *rebuilding) swap() error {
	if err := r.setAside(); err != nil {
		return err
	}
	if err := r.Disk.Rename(filepath.Join(r.dir, ledger.FileName), r.Dir.Ledger()); err != nil {
		return err
	}
	if err := r.Disk.SyncDir(string(r.Dir)); err != nil {
		return err
	}
	return r.Disk.Rmdir(r.dir)
}

func (r *rebuilding) setAside() error {
	to := r.Dir.Quarantine()
	if err := r.Disk.Mkdir(to); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := r.Disk.SyncDir(string(r.Dir)); err != nil {
		return err
	}
	taken, err := r.Disk.ReadDir(to)
	if err != nil {
		return err
	}
	prefix := freePrefix(taken)
	files := ledgerFiles(string(r.Dir))
	// The database first: without its -wal it would look whole and be old.
	for _, some := range [][]string{files[:1], files[1:]} {
		if err := r.move(some, to, prefix); err != nil {
			return err
		}
	}
	return nil
}

// move moves what there is of some files into a directory, durably.
func (r *rebuilding) move(files []string, to, prefix string) error {
	for _, path := range files {
		aside := filepath.Join(to, prefix+filepath.Base(path))
		if err := r.Disk.Rename(path, aside); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		r.done.Aside = append(r.done.Aside, aside)
	}
	// The new names first: a file must not be in neither place.
	for _, dir := range []string{to, string(r.Dir)} {
		if err := r.Disk.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// freePrefix returns what to put before the names of a ledger's files so that
// none of them is taken.
func freePrefix(taken []string) string {
	used := map[string]bool{}
	for _, name := range taken {
		used[name] = true
	}
	for n := 1; ; n++ {
		prefix := ""
		if n > 1 {
			prefix = fmt.Sprintf("%d-", n)
		}
		if !slices.ContainsFunc(ledgerFiles(""), func(name string) bool { return used[prefix+name] }) {
			return prefix
		}
	}
}
