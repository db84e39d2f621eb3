package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"syscall"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// A house is a data directory in use: what keeps objects, wired and without doors.
type house struct {
	dir    datadir.Dir
	log    *slog.Logger
	lock   *datadir.Lock
	ledger *ledger.Ledger
	classes
}

// houseConfig says how a house works. dir and log are required.
type houseConfig struct {
	dir             datadir.Dir
	log             *slog.Logger
	maxJournalBytes int64 // 0 is no limit
	maxPendingBytes int64 // 0 is no limit
}

// openHouse takes a data directory, makes it if need be, and opens all that is
// in it. Nothing runs before start. The caller closes it.
func openHouse(cfg houseConfig) (*house, error) {
	syscall.Umask(0o077) // what is made from now on is for its owner alone
	if err := cfg.dir.Make(); errors.Is(err, datadir.ErrNoLedger) {
		return nil, fmt.Errorf("%w: bring it back, restore a backup, or make a new one of the files with: spectralnotify doctor --rebuild --data-dir %s", err, shown(string(cfg.dir)))
	} else if err != nil {
		return nil, err
	}
	lock, err := hold(cfg.dir)
	if err != nil {
		return nil, err
	}
	h := &house{dir: cfg.dir, log: cfg.log, lock: lock}
	if err := h.open(cfg); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// hold takes the directory, and says what to do if somebody else has it.
func hold(dir datadir.Dir) (*datadir.Lock, error) {
	lock, err := dir.Hold()
	var held *datadir.HeldError
	if errors.As(err, &held) {
		return nil, &heldError{held}
	}
	return lock, err
}

// heldError says for a person that somebody else has the directory.
type heldError struct{ *datadir.HeldError }

func (e *heldError) Error() string {
	who := "another process"
	if pid := e.Holder.PID; pid != 0 {
		who = fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("%s is in use by %s: stop that one first, or use another --data-dir", shown(string(e.Dir)), who)
}

func (e *heldError) Unwrap() error { return e.HeldError }

func (h *house) open(cfg houseConfig) (err error) {
	h.ledger, err = ledger.New(ledger.Config{
		Dir: string(h.dir), Now: microNow, Monotonic: microUptime, Log: h.log,
		MaxJournalBytes: boundless(cfg.maxJournalBytes),
	})
	if err != nil {
		return err
	}
	group, err := object.NewGroup(object.GroupConfig{
		Journal: h.ledger, Log: h.log, MaxPendingBytes: boundless(cfg.maxPendingBytes),
	})
	if err != nil {
		return err
	}
	h.classes, err = newClasses(place{dir: h.dir, epoch: h.ledger.Epoch, log: h.log, group: group})
	return err
}

// close closes what is open; the hosts must be stopped.
func (h *house) close() error {
	errs := []error{h.closeFiles()}
	if h.ledger != nil {
		errs = append(errs, h.ledger.Close())
	}
	return errors.Join(append(errs, h.lock.Close())...)
}

// tidy moves files that no object owns to quarantine, and sweeps the ledger now
// and then, until ctx ends.
func (h *house) tidy(ctx context.Context) {
	owned := func(class string, lo, hi int64) (map[int64]bool, error) { return h.ledger.Owned(ctx, class, lo, hi) }
	for _, class := range h.all() {
		if _, err := class.files().Orphans(ctx, owned); err != nil && ctx.Err() == nil {
			h.log.Error("files without an owner could not be looked for", "class", class.Name(), "error", err)
		}
	}
	for pause(ctx, time.Minute) == nil {
		if err := h.ledger.Sweep(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, journal.ErrUnknown) {
			h.log.Error("the ledger could not be swept", "error", err)
		}
	}
}

// boundless makes the 0 that means "no limit" a limit that is never reached.
func boundless(n int64) int64 {
	if n == 0 {
		return math.MaxInt64 / 4
	}
	return n
}

// The clocks of the house.
var processStart = time.Now()

// microNow is the Unix time in microseconds.
func microNow() int64 { return time.Now().UnixMicro() }

// microUptime is how long the process runs, in microseconds. It never jumps.
func microUptime() int64 { return time.Since(processStart).Microseconds() }
