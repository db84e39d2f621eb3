package ledger

import "github.com/spectralnotify/spectralnotify/internal/journal"

// plan is what a batch comes to: which commits are lost, and which of an
// object's commits writes its row. Its memory is used again for the next batch.
type plan struct {
	lost   []bool  // :: index in the batch -> it must leave nothing behind
	of     []int32 // :: index in the batch -> its chain in chains, or -1
	freed  []int64 // :: index in the batch -> bytes that a forget frees; below 0 is all
	chains []chain
	byGen  map[int64]int32 // :: generation -> its chain
	tally  map[tallyKey]int64
	lsn    int64 // of the last commit
}

// chain is an object's commits in one batch, those that follow each other. Its
// row is written once, by the first, as it is after the last.
type chain struct {
	head, tail int // index of the first and of the last that is not a delete; -1 if none
	detail     int // index of the last that has a detail; -1 if none
	sequence   int64
	dead       bool // one was lost: so are all that follow
	ended      bool // by a delete
	gone       bool // the object is not as the first expects: nothing of it is written
}

type tallyKey struct {
	class, createdBy string
	status           int
}

func (p *plan) reset(n int) {
	p.lost = grow(p.lost, n)
	p.of = grow(p.of, n)
	p.freed = grow(p.freed, n)
	clear(p.lost)
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}

// make says who is lost for what the batch itself shows, beyond those that are
// marked as lost, and numbers the others from lsn on.
func (p *plan) make(batch []journal.Commit, lsn int64) {
	p.chains = p.chains[:0]
	if p.byGen == nil {
		p.byGen, p.tally = map[int64]int32{}, map[tallyKey]int64{}
	}
	clear(p.byGen)
	clear(p.tally)
	for i := range batch {
		c := &batch[i]
		p.of[i] = -1
		if c.Op == journal.OpForget {
			continue
		}
		p.join(i, c)
		if p.lost[i] {
			continue
		}
		lsn++
		number(c, lsn)
		p.count(c)
	}
	p.lsn = lsn
}

func number(c *journal.Commit, lsn int64) {
	c.Row.LSN = lsn
	for k := range c.Entries {
		c.Entries[k].LSN = lsn
	}
}

// join adds a commit to its object's chain, or marks it as lost.
func (p *plan) join(i int, c *journal.Commit) {
	n, ok := p.byGen[c.Row.Generation]
	if !ok {
		n = int32(len(p.chains))
		p.byGen[c.Row.Generation] = n
		p.chains = append(p.chains, chain{head: -1, tail: -1, detail: -1, sequence: c.Expect})
	}
	h := &p.chains[n]
	if p.lost[i] || h.dead || h.ended || h.sequence != c.Expect || ok && c.Op == journal.OpCreate {
		p.lost[i], h.dead = true, true
		return
	}
	p.of[i] = n
	if c.Op == journal.OpDelete {
		h.ended = true
		return
	}
	if h.head < 0 {
		h.head = i
	}
	h.tail, h.sequence = i, c.Row.Sequence
	if c.Detail != nil {
		h.detail = i
	}
}

func (p *plan) count(c *journal.Commit) {
	if c.Op == journal.OpCreate {
		p.tally[tallyKey{c.Row.Class, c.Row.CreatedBy, c.Row.Status}]++
		return
	}
	if c.Op == journal.OpAppend && c.Was == c.Row.Status {
		return
	}
	p.tally[tallyKey{c.Row.Class, c.Row.CreatedBy, c.Was}]--
	if c.Op == journal.OpAppend {
		p.tally[tallyKey{c.Row.Class, c.Row.CreatedBy, c.Row.Status}]++
	}
}

// losers returns the indexes of the commits that are lost, ascending.
func (p *plan) losers() []int {
	var all []int
	for i, lost := range p.lost {
		if lost {
			all = append(all, i)
		}
	}
	return all
}
