package object

import (
	"cmp"
	"slices"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// When an object is taken home although calls keep coming: it has so much to
// bring, and its last way home is a while ago. Each way costs the opening of the
// file and three syncs, however much it brings.
const (
	manyEvents = 256
	manyBytes  = 64 << 10
	homePause  = 250 * time.Millisecond
)

// The pause before a home that could not be written is tried again; it doubles
// up to the maximum.
const (
	asidePause    = time.Second
	asidePauseMax = time.Minute
)

// asideSaid is how many objects may be set aside before the log stops to name
// each of them: then it is the disk, and what matters is how many.
const asideSaid = 8

// due reports whether o is to be taken home now. The caller holds o.mu.
func (h *Host[S, E]) due(o *object[S, E]) bool {
	if o.pending.empty() {
		return false
	}
	if h.class.Final(o.committed) {
		return true
	}
	n := o.pending.len()
	much := n >= manyEvents || o.pending.bytes-n*recordOverhead >= manyBytes
	return much && h.cfg.Uptime()-o.oldest >= homePause
}

// takeHome queues o for a scribe, unless it is queued, set aside or home. The
// caller holds o.mu.
func (h *Host[S, E]) takeHome(o *object[S, E]) {
	if o.homing || o.pending.empty() || o.aside != nil && h.cfg.Uptime() < o.retryAt || h.group.writable() != nil {
		return
	}
	o.homing = true
	h.homes.push(o)
}

func (h *Host[S, E]) scribeLoop() {
	for {
		objects, removed, ok := h.homes.next()
		if !ok {
			return
		}
		if len(objects) > 0 {
			h.writeHome(objects)
		}
		if len(removed) > 0 {
			slices.Sort(removed)
			h.removeFiles(slices.Compact(removed)) // a delete that is also found unfinished comes twice
		}
	}
}

// homecoming is one object on its way home.
type homecoming[S, E any] struct {
	o    *object[S, E]
	work journal.Homecoming[S, E]
}

// writeHome writes objects into their files and lets the journal forget what
// they hold then.
func (h *Host[S, E]) writeHome(objects []*object[S, E]) {
	// In this order, as removeFiles does, since each holds several locks.
	slices.SortFunc(objects, func(a, b *object[S, E]) int { return cmp.Compare(a.generation, b.generation) })
	way := make([]homecoming[S, E], 0, len(objects))
	for i, o := range objects {
		// An object that was read anew meets its predecessor here.
		if i == 0 || o.generation != objects[i-1].generation {
			unlock := h.files.write(o.generation)
			defer unlock()
		}
		if c, ok := h.pack(o); ok {
			way = append(way, c)
		}
	}
	work := make([]journal.Homecoming[S, E], len(way))
	for i, c := range way {
		work[i] = c.work
	}
	for i, err := range h.cfg.Home.Write(h.ctx, work) {
		if err != nil {
			h.setAside(way[i].o, err)
			continue
		}
		h.forget(way[i].o, work[i])
	}
}

// pack takes what is pending of o. Its file is locked. It returns false if
// there is nothing to write: the object was deleted or read anew meanwhile.
func (h *Host[S, E]) pack(o *object[S, E]) (homecoming[S, E], bool) {
	o.mu.Lock()
	if o.gone || o.pending.empty() {
		o.homing = false
		o.mu.Unlock()
		h.group.homings.made()
		return homecoming[S, E]{}, false
	}
	p, state := o.pending, o.committed
	row, detail := h.class.Pack(state)
	row.Generation, row.LSN, row.Hash = o.generation, o.lsn, o.hash
	o.mu.Unlock()

	records, err := h.readPending(h.ctx, row.Generation, p, p.first, p.last)
	if err != nil {
		h.unpacked(o, p, err)
		return homecoming[S, E]{}, false
	}
	h.mu.Lock()
	first := p.first == 1 && !h.written[row.Generation]
	h.mu.Unlock()
	return homecoming[S, E]{o, journal.Homecoming[S, E]{Row: row, Detail: detail, State: state, First: first, Records: records}}, true
}

// unpacked deals with what is pending and could not be read back. It may be home
// by now: o was read anew while what it was before was on its way there. Then
// there is nothing wrong, and the rest is taken home at its time.
func (h *Host[S, E]) unpacked(o *object[S, E], p pending[E], cause error) {
	defer h.group.homings.made()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gone || o.pending.first == p.first {
		h.putAside(o, cause)
		return
	}
	o.homing = false
	h.plan(o)
}

// forget lets the journal forget what was written home.
func (h *Host[S, E]) forget(o *object[S, E], w journal.Homecoming[S, E]) {
	h.mu.Lock()
	h.written[w.Row.Generation] = true
	h.mu.Unlock()
	t := h.ticket(o)
	t.commit = journal.Commit{
		Op: journal.OpForget, Reserved: true, Upto: w.Row.Sequence,
		Row: journal.Row{Key: w.Row.Key, Generation: w.Row.Generation},
	}
	// A closed queue is no fault: the next start finds the rows and writes home again.
	_ = h.group.queue.push(&t.ticket)
}

// forgotten ends the way home of an object: the journal does not hold anymore
// what its file does. It may have been read anew meanwhile, from before that.
func (h *Host[S, E]) forgotten(t *objectTicket[S, E]) {
	generation, upto := t.commit.Row.Generation, t.commit.Upto
	t.o.mu.Lock()
	h.bringBack(t.o)
	t.o.homing = false
	gone := t.o.gone
	if !gone {
		h.drop(t.o, upto)
	}
	t.o.mu.Unlock()
	if gone {
		h.dropAnew(t.o.id, generation, upto)
	}
	// Not before: while an object believes that the journal has all of it, the mark
	// keeps its file from being begun anew.
	h.mu.Lock()
	delete(h.written, generation)
	h.mu.Unlock()
	h.group.homings.made()
}

// drop takes what came home out of what is pending. The caller holds o.mu.
func (h *Host[S, E]) drop(o *object[S, E], upto int64) {
	before := o.pending.inMemory()
	o.pending.drop(upto)
	h.group.pending.Add(o.pending.inMemory() - before)
	o.oldest = h.cfg.Uptime()
	if h.due(o) {
		h.takeHome(o)
	}
	h.plan(o)
}

// dropAnew does so for the object that was read anew, if there is one. What it
// could not write home may have been what the journal has forgotten.
func (h *Host[S, E]) dropAnew(id string, generation, upto int64) {
	h.mu.Lock()
	o := h.live[id]
	h.mu.Unlock()
	if o == nil {
		return
	}
	<-o.ready
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil && !o.gone && !o.absent && o.generation == generation {
		h.bringBack(o)
		h.drop(o, upto)
	}
}

// setAside notes that o's home cannot be written now. Its events stay in the
// journal, and out of memory so that they do not count against other objects.
func (h *Host[S, E]) setAside(o *object[S, E], cause error) {
	defer h.group.homings.made()
	o.mu.Lock()
	defer o.mu.Unlock()
	h.putAside(o, cause)
}

// putAside is setAside for one who holds o.mu.
func (h *Host[S, E]) putAside(o *object[S, E], cause error) {
	o.homing = false
	if o.gone || h.ctx.Err() != nil {
		return
	}
	if o.failures++; o.aside == nil {
		h.asides.Add(1)
	}
	o.aside = cause
	pause := min(asidePause<<min(o.failures-1, 10), asidePauseMax)
	o.retryAt = h.cfg.Uptime() + pause
	if !o.pending.spilled && !o.pending.empty() {
		h.group.pending.Add(-o.pending.bytes)
		o.pending.spill()
	}
	if set := h.asides.Load(); worthSaying(o.failures, set) {
		h.cfg.Log.Warn("the file of an object cannot be written; its events stay in the journal, and other objects go on",
			"class", h.class.Name(), "id", o.id, "generation", o.generation, "pending_bytes", o.pending.bytes, "error", cause,
			"next_try", pause, "set_aside", set)
	}
	h.plan(o)
}

// worthSaying reports whether the log names an object that is set aside, as the
// set'th, after so many failures: each for a few, and then now and then.
func worthSaying(failures int, set int64) bool {
	if set <= asideSaid {
		return failures&(failures-1) == 0
	}
	return failures == 1 && set&(set-1) == 0
}

// bringBack notes that o's home can be written, or that o leaves memory. The
// caller holds o.mu.
func (h *Host[S, E]) bringBack(o *object[S, E]) {
	if o.aside == nil {
		return
	}
	if left := h.asides.Add(-1); left == 0 && !o.gone {
		h.cfg.Log.Info("the files of all objects can be written again", "class", h.class.Name())
	}
	o.aside, o.failures = nil, 0
}
