package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// FileName is the ledger's file in its directory.
const FileName = "ledger.db"

// Config says what a ledger needs.
type Config struct {
	// Dir holds ledger.db. It must exist. Required.
	Dir string

	// Now returns the Unix time in microseconds. Required.
	Now func() int64

	// Monotonic returns microseconds since any moment; it never jumps. Required.
	Monotonic func() int64

	// VFS is the name of a registered vfs.VFS; empty is the operating system.
	VFS string

	// Log gets what an operator should know; nil discards it.
	Log *slog.Logger

	// MaxJournalBytes caps what the journal holds; 0 is 1 GiB. Reserved commits
	// may use a tenth more.
	MaxJournalBytes int64

	// Readers is how many reads run at once; 0 is 4.
	Readers int

	// MaxReceipts and MaxObjectReceipts cap how many receipts Sweep leaves, in
	// all and of one object; 0 is 1,000,000 and 10,000.
	MaxReceipts, MaxObjectReceipts int64

	// steps are the migrations, and schema is what they lead to; only tests set
	// others.
	steps  fs.FS
	schema string
}

// A Ledger is the central database. Its methods are safe for concurrent use,
// except that Commit, Recover and Close are called by one goroutine.
type Ledger struct {
	cfg   Config
	path  string
	disk  *disk
	epoch atomic.Pointer[string]
	next  atomic.Int64 // the last generation that was reserved

	mu     sync.Mutex    // guards the writer: one transaction at a time
	w      *writer       // nil if closed
	broken error         // why nothing but Recover may be called
	broke  chan struct{} // has an element if that is news, or that damage was met
	lsn    int64         // of the last commit
	good   int64         // frames of the -wal before what a failed commit left; below 0 if that was cut off, or is not known
	since  int64         // Monotonic when uptime was base
	base   int64         // uptime at the last open, in seconds
	closed bool

	damage atomic.Pointer[error] // why nothing is written any more; nil if all is well

	lacks mutant
	plan  plan // of the batch that is being committed
	room  room
	pool  atomic.Pointer[pool]
}

// New opens the ledger of a directory, or makes a new one. It returns
// journal.ErrDamaged if what is stored is not what was written, and
// sqlite.ErrNewer if a newer program wrote it. The caller closes it.
func New(cfg Config) (*Ledger, error) {
	return create(cfg, mutant{})
}

// mutant says which safeties a ledger lacks: tests take one out to show that
// they would notice.
type mutant struct {
	inspection bool // of the -wal before SQLite reads it
	checkpoint bool // before the first read
	cut        bool // of what a failed commit left in the -wal
	header     bool // brought back from the -wal
}

func create(cfg Config, lacks mutant) (*Ledger, error) {
	if cfg.Dir == "" || cfg.Now == nil || cfg.Monotonic == nil {
		return nil, errors.New("ledger: Dir, Now and Monotonic are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.steps == nil {
		cfg.steps, cfg.schema = migrations(), schemaSQL
	}
	setDefault(&cfg.MaxJournalBytes, 1<<30)
	setDefault(&cfg.MaxReceipts, 1_000_000)
	setDefault(&cfg.MaxObjectReceipts, 10_000)
	if cfg.Readers <= 0 {
		cfg.Readers = 4
	}
	l := &Ledger{cfg: cfg, path: filepath.Join(cfg.Dir, FileName), lacks: lacks, broke: make(chan struct{}, 1), good: -1}
	l.room.max = cfg.MaxJournalBytes
	var err error
	if l.disk, err = newDisk(cfg.VFS); err != nil {
		return nil, err
	}
	if err := l.open(); err != nil {
		l.disk.unregister()
		return nil, err
	}
	return l, nil
}

func setDefault(n *int64, def int64) {
	if *n <= 0 {
		*n = def
	}
}

// Epoch identifies the ledger's data; see object.Journal.
func (l *Ledger) Epoch() string { return *l.epoch.Load() }

// Reserve returns a generation that was never used; see object.Journal.
func (l *Ledger) Reserve() int64 { return l.next.Add(1) }

// Full reports whether the journal is over its cap; see object.Journal.
func (l *Ledger) Full() bool { return l.room.full() }

// JournalBytes returns how much of the cap is used.
func (l *Ledger) JournalBytes() int64 { return l.room.size() }

// LSN returns the position of the last commit.
func (l *Ledger) LSN() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lsn
}

// Broke returns the channel of news that Recover is needed; see object.Journal.
func (l *Ledger) Broke() <-chan struct{} { return l.broke }

// Recover closes every connection, readers included, and opens the ledger as at
// the start; see object.Journal. After an error it may be called again, unless
// that is journal.ErrJournalDamaged.
func (l *Ledger) Recover(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	if l.w != nil {
		l.good = l.w.frames()
	}
	l.abandon(errRecovering)
	if l.lacks.cut {
		l.good = -1
	}
	if err := l.cutWAL(l.good); err != nil {
		return fmt.Errorf("ledger: recover %s: %w", l.path, err)
	}
	l.good = -1
	if err := l.open(); isDamaged(err) {
		return l.stop(err)
	} else if err != nil {
		return err
	}
	l.broken = nil
	l.cfg.Log.Info("ledger recovered", "lsn", l.lsn)
	return nil
}

// Close writes everything into the one file and closes it. Commits and reads
// that come later fail.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	defer l.disk.unregister()
	if p := l.pool.Swap(nil); p != nil {
		p.close()
	}
	if l.w == nil {
		return nil
	}
	var err error
	if l.broken == nil && l.stopped() == nil {
		err = l.w.finish(l.uptime())
	} else {
		l.w.keepWAL()
	}
	l.broken = errClosed
	err = errors.Join(err, l.w.close())
	l.w = nil
	if err != nil {
		return fmt.Errorf("ledger: close %s: %w", l.path, err)
	}
	return nil
}

var (
	errClosed     = errors.New("ledger: closed")
	errRecovering = errors.New("ledger: being recovered")
)

// abandon closes all connections and leaves the files as they are: what a failed
// commit left is judged by the next open, not by a checkpoint on the way out.
func (l *Ledger) abandon(why error) {
	if l.broken == nil {
		l.broken = why
	}
	if p := l.pool.Swap(nil); p != nil {
		p.close()
	}
	if l.w == nil {
		return
	}
	l.w.keepWAL()
	if err := l.w.close(); err != nil {
		l.cfg.Log.Warn("closing the broken ledger", "err", err)
	}
	l.w = nil
}

// usable returns nil if the writer may be used; the caller holds mu.
func (l *Ledger) usable() error {
	switch {
	case l.closed:
		return errClosed
	case l.broken != nil:
		return fmt.Errorf("%w: the ledger waits for recovery after: %w", journal.ErrUnknown, l.broken)
	}
	return l.stopped()
}

// uptime returns how many seconds a server has run on this ledger.
func (l *Ledger) uptime() int64 {
	return l.base + (l.cfg.Monotonic()-l.since)/1_000_000
}
