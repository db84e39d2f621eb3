package object

import (
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// rank says what a full journal gives up first: what adds, then what ends work,
// last what makes room.
func rank(c *journal.Commit) int {
	switch {
	case c.Op == journal.OpForget:
		return 2
	case c.Reserved:
		return 1
	}
	return 0
}

// refuse deals with a batch for which the journal had no room, so that nothing
// of it happened: the commits of the lowest rank fail, with all that was decided
// on top of them, and the objects they were of are read anew. It returns the
// rest, which is tried again; nobody else's reads or changes are touched.
func (h *Host[S, E]) refuse(tickets []*ticket[S, E], cause error) (rest []*ticket[S, E]) {
	lowest := rank(&tickets[0].commit)
	for _, t := range tickets {
		lowest = min(lowest, rank(&t.commit))
	}
	doomed, keys := map[*object[S, E]]bool{}, []journal.Key(nil)
	for _, t := range tickets {
		if rank(&t.commit) == lowest && t.commit.Op != journal.OpForget && !doomed[t.o] {
			doomed[t.o] = true
			keys = append(keys, h.key(t.o.id))
			h.abandon(t.o) // from now on nobody decides on it
		}
	}
	void := func(t *ticket[S, E]) bool { return doomed[t.o] && t.commit.Op != journal.OpForget }
	failed := h.queue.takeIf(void)
	for _, t := range tickets {
		if rank(&t.commit) == lowest || void(t) {
			failed = append(failed, t)
		} else {
			rest = append(rest, t)
		}
	}
	h.cfg.Log.Warn("the journal has no room", "refused", len(failed), "tried again", len(rest), "error", cause)
	for _, t := range failed {
		if t.commit.Op == journal.OpForget && t.o != nil {
			h.setAside(t.o, cause)
		}
		t.finish(cause)
	}
	h.homes.progress() // who waits for one of them looks again
	// Nobody else would take them home before they are next used.
	h.workers.Go(func() { h.sendAllHome(keys) })
	return rest
}
