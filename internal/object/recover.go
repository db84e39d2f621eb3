package object

import (
	"errors"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// recoverPause is how long the group waits between two tries to open the journal
// again; it doubles up to the maximum.
const (
	recoverPause    = 50 * time.Millisecond
	recoverPauseMax = 5 * time.Second
)

// brokeLoop has a journal that breaks outside a commit tried by one that changes
// nothing: what fails is opened again, or ends all changes, although nobody calls.
func (g *Group) brokeLoop() {
	for {
		select {
		case <-g.cfg.Journal.Broke():
			// A closed queue is no fault: the group ends.
			_ = g.queue.push(&ticket{commit: journal.Commit{Op: journal.OpForget, Reserved: true}, done: make(chan struct{})})
		case <-g.ctx.Done():
			return
		}
	}
}

// Ready returns nil if calls are taken; otherwise why they are not: ErrDraining,
// journal.ErrUnknown while the journal is being opened again, or
// journal.ErrJournalDamaged for good.
func (h *Host[S, E]) Ready() error {
	if h.isDraining() {
		return ErrDraining
	}
	if err := h.group.up(); err != nil {
		return err
	}
	return h.group.writable()
}

// freeze ends all changes, and all writing home: the journal is damaged. Nothing
// of the batch happened, and what was decided since is void. Reads go on.
func (g *Group) freeze(tickets []*ticket, cause error) {
	g.frozen.Store(&cause)
	g.abandonAll(tickets, cause)
	g.abandonAll(g.queue.takeAll(), cause)
}

// writable returns why nothing is changed any more, if so.
func (g *Group) writable() error {
	if err := g.frozen.Load(); err != nil {
		return *err
	}
	return nil
}

// recover opens the journal again, until that works. It returns false if the
// group ended meanwhile, or the journal is damaged.
func (g *Group) recover() bool {
	for pause := recoverPause; ; pause = min(2*pause, recoverPauseMax) {
		err := g.cfg.Journal.Recover(g.ctx)
		if err == nil {
			g.cfg.Log.Info("the journal is open again", "lsn", g.cfg.Journal.LSN())
			return true
		}
		if errors.Is(err, journal.ErrJournalDamaged) {
			g.down.Store(&down{err})
			return false
		}
		g.cfg.Log.Error("the journal cannot be opened; calls are answered as unavailable until it can", "error", err, "next_try", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-g.ctx.Done():
			timer.Stop()
			return false
		}
	}
}
