package ledger

import (
	"slices"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// rowBytes is what a journal row takes beside its entry.
const rowBytes = 40

// room keeps count of what the journal holds, so that neither the cap nor the
// backlog needs to read it. It is safe for concurrent use.
type room struct {
	max int64

	mu   sync.Mutex
	used int64
	held map[int64]held // :: generation -> what the journal holds of it
}

type held struct {
	bytes int64
	last  int64 // sequence
}

func (r *room) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used, r.held = 0, map[int64]held{}
}

func (r *room) size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used
}

func (r *room) full() bool { return r.size() >= r.max }

// admits reports whether a batch may be written.
func (r *room) admits(batch []journal.Commit) bool {
	var grow int64
	plain := false
	for i := range batch {
		grow += size(batch[i].Entries)
		plain = plain || !batch[i].Reserved && batch[i].Op != journal.OpForget
	}
	if grow == 0 {
		return true
	}
	used := r.size()
	return !(plain && used >= r.max) && used+grow <= r.max+r.max/10
}

func size(entries []journal.Entry) int64 {
	n := int64(len(entries)) * rowBytes
	for i := range entries {
		n += int64(len(entries[i].Data))
	}
	return n
}

// add counts entries of a generation up to sequence last.
func (r *room) add(generation, bytes, last int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.held[generation]
	r.used += bytes
	r.held[generation] = held{h.bytes + bytes, max(h.last, last)}
}

// drop forgets bytes of a generation, or all of it if bytes is below 0.
func (r *room) drop(generation, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, ok := r.held[generation]
	if !ok {
		return
	}
	if bytes < 0 || bytes >= h.bytes {
		r.used -= h.bytes
		delete(r.held, generation)
		return
	}
	r.used -= bytes
	r.held[generation] = held{h.bytes - bytes, h.last}
}

func (r *room) last(generation int64) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[generation].last
}

// generations returns those that the journal holds, ascending.
func (r *room) generations() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]int64, 0, len(r.held))
	for g := range r.held {
		all = append(all, g)
	}
	slices.Sort(all)
	return all
}
