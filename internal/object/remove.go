package object

import (
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// deleted takes an object that was deleted out of memory, tells its followers,
// and lets its file be removed. The caller holds o.mu.
func (h *Host[S, E]) deleted(o *object[S, E]) {
	h.leave(o)
	h.endTopic(o)
	h.mu.Lock()
	delete(h.written, o.generation)
	h.mu.Unlock()
	h.homes.remove(o.generation)
	h.group.homings.made() // who waits for it to come home looks again
}

// removeFiles unlinks the files of deleted generations, and notes it. What fails
// is done at the next start: the tombstones say so.
func (h *Host[S, E]) removeFiles(generations []int64) {
	for _, g := range generations {
		unlock := h.files.write(g)
		defer unlock()
	}
	if err := h.cfg.Home.Remove(h.ctx, generations); err != nil {
		h.cfg.Log.Warn("files of deleted objects could not be removed; it is tried again at the next start", "class", h.class.Name(), "error", err)
		return
	}
	if err := h.journal().Unlinked(h.ctx, generations); err != nil {
		h.cfg.Log.Warn("the removal of files could not be noted; it is repeated at the next start", "class", h.class.Name(), "error", err)
	}
}

// backlogLoop takes home what the journal holds from before, and finishes
// deletes, then ends.
func (h *Host[S, E]) backlogLoop() {
	if generations, err := h.journal().Unfinished(h.ctx, h.class.Name()); err == nil {
		for _, g := range generations {
			h.homes.remove(g)
		}
	} else if h.ctx.Err() == nil {
		h.cfg.Log.Error("deletes of an earlier run could not be finished", "class", h.class.Name(), "error", err)
	}
	keys, err := h.journal().Backlog(h.ctx, h.class.Name())
	if err != nil && h.ctx.Err() == nil {
		h.cfg.Log.Error("the journal's backlog cannot be read; objects go home when they are next used", "class", h.class.Name(), "error", err)
	}
	h.sendAllHome(keys)
}

// sendAllHome queues objects to be taken home, no faster than scribes work.
func (h *Host[S, E]) sendAllHome(keys []journal.Key) {
	for _, key := range keys {
		if h.homes.throttle(h.ctx) != nil {
			return
		}
		h.sendHome(key)
	}
}

// sendHome queues one object to be taken home, and returns how many events it
// has to bring. One that cannot be read is left alone: its own calls say so.
func (h *Host[S, E]) sendHome(key journal.Key) (events int64) {
	o, err := h.find(key.ID)
	if err != nil {
		if h.ctx.Err() == nil {
			h.cfg.Log.Error("an object cannot be read", "class", key.Class, "id", key.ID, "error", err)
		}
		return 0
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.gone:
	case o.absent && o.barrier == nil:
		h.leave(o)
	case !o.absent && !o.pending.empty():
		events = o.pending.len()
		h.takeHome(o)
	}
	return events
}
