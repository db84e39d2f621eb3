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
func (g *Group) refuse(tickets []*ticket, cause error) (rest []*ticket) {
	lowest := rank(&tickets[0].commit)
	for _, t := range tickets {
		lowest = min(lowest, rank(&t.commit))
	}
	doomed, once := map[any]bool{}, []change(nil)
	for _, t := range tickets {
		if rank(&t.commit) == lowest && t.commit.Op != journal.OpForget && !doomed[t.of.place()] {
			doomed[t.of.place()] = true
			once = append(once, t.of)
			t.of.abandon() // from now on nobody decides on it
		}
	}
	void := func(t *ticket) bool { return t.commit.Op != journal.OpForget && doomed[t.of.place()] }
	failed := g.queue.takeIf(void)
	for _, t := range tickets {
		if rank(&t.commit) == lowest || void(t) {
			failed = append(failed, t)
		} else {
			rest = append(rest, t)
		}
	}
	g.cfg.Log.Warn("the journal has no room", "refused", len(failed), "tried again", len(rest), "error", cause)
	for _, t := range failed {
		if t.commit.Op == journal.OpForget && t.of != nil {
			t.of.setAside(cause)
		}
		t.finish(cause)
	}
	g.homings.made() // who waits for one of them looks again
	// Nobody else would take them home before they are next used.
	g.workers.Go(func() {
		for _, c := range once {
			c.sendHome()
		}
	})
	return rest
}
