package object

import (
	"context"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// recordOverhead is what a record takes in memory besides its text, roughly.
const recordOverhead = 200

// pending are the committed events of an object that its file does not hold
// yet: sequences first to last. Their records are in memory, all or none; the
// journal has them in any case.
type pending[E any] struct {
	first, last int64 // empty if last is 0 or before first
	bytes       int64 // of all of them
	records     []journal.Record[E]
	spilled     bool // records are left to the journal
}

func (p *pending[E]) empty() bool { return p.last == 0 || p.first > p.last }
func (p *pending[E]) len() int64  { return p.last - p.first + 1 }

// inMemory returns the bytes that p takes in memory.
func (p *pending[E]) inMemory() int64 {
	if p.spilled {
		return 0
	}
	return p.bytes
}

func (p *pending[E]) load(decode func([]byte) (E, error), entries []journal.Entry) error {
	*p = pending[E]{}
	for _, e := range entries {
		event, err := decode(e.Data)
		if err != nil {
			return fmt.Errorf("%w: entry %d: %v", journal.ErrDamaged, e.Sequence, err)
		}
		p.add(journal.Record[E]{Sequence: e.Sequence, LSN: e.LSN, Hash: e.Hash, Event: event}, len(e.Data))
	}
	return nil
}

// add appends the next record, whose event has an encoding of size bytes.
func (p *pending[E]) add(r journal.Record[E], size int) {
	if p.empty() {
		p.first, p.bytes, p.records, p.spilled = r.Sequence, 0, nil, false
	}
	p.last = r.Sequence
	p.bytes += int64(size + recordOverhead)
	if !p.spilled {
		p.records = append(p.records, r)
	}
}

// drop forgets the records up to a sequence. Slices handed out before stay
// valid.
func (p *pending[E]) drop(upto int64) {
	if p.empty() || upto < p.first {
		return
	}
	upto = min(upto, p.last)
	left := p.last - upto
	p.bytes = p.bytes * left / p.len()
	if !p.spilled {
		p.records = append([]journal.Record[E](nil), p.records[upto-p.first+1:]...)
	}
	p.first = upto + 1
	if p.empty() {
		p.records, p.bytes, p.spilled = nil, 0, false
	}
}

// spill takes the records out of memory.
func (p *pending[E]) spill() { p.records, p.spilled = nil, true }

// read returns the records of p from lo to hi, which lie within it: from memory,
// or from the journal if they were spilled.
func (h *Host[S, E]) readPending(ctx context.Context, generation int64, p pending[E], lo, hi int64) ([]journal.Record[E], error) {
	if lo > hi {
		return nil, nil
	}
	if !p.spilled {
		return p.records[lo-p.first : hi-p.first+1], nil
	}
	entries, err := h.journal().Entries(ctx, generation, lo, hi)
	if err != nil {
		return nil, err
	}
	var back pending[E]
	if err := back.load(h.class.Decode, entries); err != nil {
		return nil, err
	}
	return back.records, nil
}

// limitPending keeps the memory of pending events within its cap. The caller
// holds o.mu.
func (h *Host[S, E]) limitPending(o *object[S, E]) {
	if !o.pending.spilled && !o.pending.empty() && h.group.pending.Load() > h.group.cfg.MaxPendingBytes {
		h.group.pending.Add(-o.pending.bytes)
		o.pending.spill()
	}
}
