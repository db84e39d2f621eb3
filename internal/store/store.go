package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Config says how a Store works. Dir, Layout, Encode and Epoch are required.
type Config[S, E any] struct {
	// Dir is where the files are, DATA_DIR/objects. Its parent must exist; what
	// is below is made.
	Dir string

	// Layout is the class's.
	Layout Layout[S, E]

	// Encode appends the canonical encoding of an event to dst: what its hash
	// was made of.
	Encode func(dst []byte, e E) []byte

	// Epoch identifies the data of the journal. It is noted in a file whenever
	// it is written.
	Epoch func() string

	// Disk and VFS are the same file system, for the store's own use and for
	// SQLite, by the name it is registered under. Nil and "" are the operating
	// system's.
	Disk Disk
	VFS  string

	Log *slog.Logger // nil: discarded

	steps fs.FS // the migrations of the class; only tests set others
}

// A Store keeps the objects of one class, one file each. It is safe for
// concurrent use, except that no two calls may be for one generation at once. It
// implements object.Home.
type Store[S, E any] struct {
	cfg     Config[S, E]
	class   string
	schema  *schema
	disk    Disk
	dirs    *directories
	benches *pool[*bench]
	conns   *pool[*sqlite3.Conn] // to attach files to
	watched *watched
	begun   *begun
	reads   chan struct{} // has an element for each file that is open for reading

	// journalMode is that of changes in place; only tests set another.
	journalMode string
}

// New returns a store. It reads and writes nothing yet.
func New[S, E any](cfg Config[S, E]) (*Store[S, E], error) {
	switch {
	case cfg.Dir == "":
		return nil, errors.New("store: Config.Dir is required")
	case cfg.Layout == nil || cfg.Encode == nil || cfg.Epoch == nil:
		return nil, errors.New("store: Config.Layout, Encode and Epoch are required")
	}
	if cfg.Disk == nil {
		cfg.Disk = osDisk{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Dir = filepath.Clean(cfg.Dir)
	class := cfg.Layout.Class()
	if cfg.steps == nil {
		steps, err := fs.Sub(migrations, "migration/"+class)
		if err != nil {
			return nil, fmt.Errorf("store: class %q: %w", class, err)
		}
		cfg.steps = steps
	}
	schema, err := newSchema(cfg.steps, class, cfg.Layout.StateColumns(), cfg.Layout.EventColumns())
	if err != nil {
		return nil, err
	}
	empty, err := template(schema)
	if err != nil {
		return nil, fmt.Errorf("store: class %q: make an empty file: %w", class, err)
	}
	watched, err := newWatched(cfg.VFS)
	if err != nil {
		return nil, err
	}
	return &Store[S, E]{
		cfg: cfg, class: class, schema: schema, disk: cfg.Disk, watched: watched, begun: &begun{}, reads: make(chan struct{}, maxReads), journalMode: "truncate",
		dirs:    newDirectories(cfg.Disk, filepath.Dir(cfg.Dir)),
		benches: &pool[*bench]{make: func() (*bench, error) { return newBench(schema, empty) }, drop: (*bench).close},
		conns:   &pool[*sqlite3.Conn]{make: sqlite.OpenEmpty, drop: sqlite.CloseAll},
	}, nil
}

// Close waits for what is under way and frees what the store keeps in memory.
// Later calls fail.
func (s *Store[S, E]) Close() error {
	s.watched.close()
	return errors.Join(s.benches.close(), s.conns.close())
}

// perDir is how many generations share a directory, so that one sync of it
// serves many new files.
const perDir = 4096

// Path returns the name of a generation's file, whether it exists or not. An
// object's id is never part of it.
func (s *Store[S, E]) Path(generation int64) string {
	return Path(s.cfg.Dir, s.class, generation)
}

func (s *Store[S, E]) dir(generation int64) string { return filepath.Dir(s.Path(generation)) }

// Path returns the name that a generation's file has below a directory of
// objects.
func Path(dir, class string, generation int64) string {
	return filepath.Join(dir, class, strconv.FormatInt(generation/perDir, 10), strconv.FormatInt(generation, 10)+".db")
}

// journalOf is the name of a file's rollback journal.
func journalOf(path string) string { return path + "-journal" }

// Write makes each homecoming durable in its object's file, and returns one
// error, or nil, for each. A file that cannot be written does not keep the
// others from it. New files of one directory share the sync of it.
//
// A file that is missing, not whole, or ends too early goes to quarantine, and
// one is begun anew with the records that there are. The error is
// journal.ErrDamaged if the file is whole but has another history than what is
// to be added to it; one that the operating system gave is recognisable, such as
// syscall.ENOSPC. After an error it is not known whether the file holds the
// records; the same homecoming may be tried again.
func (s *Store[S, E]) Write(ctx context.Context, work []journal.Homecoming[S, E]) []error {
	errs := make([]error, len(work))
	var firsts []int
	for i := range work {
		switch err := sound(&work[i]); {
		case err != nil:
			errs[i] = err
		case work[i].First:
			firsts = append(firsts, i)
		case ctx.Err() != nil:
			errs[i] = ctx.Err()
		default:
			errs[i] = s.keep(ctx, &work[i])
		}
	}
	if len(firsts) > 0 {
		s.create(ctx, work, firsts, errs)
	}
	return errs
}

// sound sees that a homecoming is whole: there is something, without a gap, and
// it ends where its row does.
func sound[S, E any](w *journal.Homecoming[S, E]) error {
	n := int64(len(w.Records))
	if n == 0 {
		return fmt.Errorf("store: generation %d: nothing to write home", w.Row.Generation)
	}
	for i := range w.Records {
		if w.Records[i].Sequence != w.Row.Sequence-n+1+int64(i) {
			return fmt.Errorf("%w: generation %d: record %d of %d to be written home is number %d of %d",
				journal.ErrDamaged, w.Row.Generation, i+1, n, w.Records[i].Sequence, w.Row.Sequence)
		}
	}
	if last := w.Records[n-1]; last.Hash != w.Row.Hash {
		return fmt.Errorf("%w: generation %d: the hash of its row is not that of event %d", journal.ErrDamaged, w.Row.Generation, last.Sequence)
	}
	return nil
}

// headRow returns the values of the metadata row: the store's columns, then the
// class's.
func (s *Store[S, E]) headRow(w *journal.Homecoming[S, E], first int64) []any {
	h := head{
		generation: w.Row.Generation, epoch: s.cfg.Epoch(), sequence: w.Row.Sequence,
		first: first, lsn: w.Row.LSN, hash: w.Row.Hash,
	}
	return append(h.values(), s.cfg.Layout.State(w.State, w.Row)...)
}

// eventRow returns the values of a history row: the class's columns, then the
// store's.
func (s *Store[S, E]) eventRow(r *journal.Record[E]) []any {
	return append(s.cfg.Layout.Event(r.Event), r.LSN, r.Hash)
}
