package object

import (
	"time"
)

// recoverPause is how long the host waits between two tries to open the journal
// again; it doubles up to the maximum.
const (
	recoverPause    = 50 * time.Millisecond
	recoverPauseMax = 5 * time.Second
)

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
