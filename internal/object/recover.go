package object

import (
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// recoverPause is how long the host waits between two tries to open the journal
// again; it doubles up to the maximum.
const (
	recoverPause    = 50 * time.Millisecond
	recoverPauseMax = 5 * time.Second
)

// brokeLoop has a journal that breaks outside a commit tried by one that changes
// nothing: what fails is opened again, although nobody calls.
func (h *Host[S, E]) brokeLoop() {
	for {
		select {
		case <-h.cfg.Journal.Broke():
			// A closed queue is no fault: the host stops.
			_ = h.queue.push(&ticket[S, E]{commit: journal.Commit{Op: journal.OpForget, Reserved: true}, done: make(chan struct{})})
		case <-h.ctx.Done():
			return
		}
	}
}

// Ready returns nil if calls are taken; otherwise why they are not: ErrDraining,
// or journal.ErrUnknown while the journal is being opened again.
func (h *Host[S, E]) Ready() error {
	if h.isDraining() {
		return ErrDraining
	}
	return h.up()
}

// recover opens the journal again, until that works. It returns false if the
// host was stopped meanwhile.
func (h *Host[S, E]) recover() bool {
	for pause := recoverPause; ; pause = min(2*pause, recoverPauseMax) {
		err := h.cfg.Journal.Recover(h.ctx)
		if err == nil {
			h.cfg.Log.Info("the journal is open again", "lsn", h.cfg.Journal.LSN())
			return true
		}
		h.cfg.Log.Error("the journal cannot be opened; calls are answered as unavailable until it can", "error", err, "next_try", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			timer.Stop()
			return false
		}
	}
}
