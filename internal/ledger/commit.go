package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Commit makes a batch durable; see object.Journal. It does not look at the
// context: a commit that has begun is not given up.
func (l *Ledger) Commit(_ context.Context, batch []journal.Commit) (lost []int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return nil, err
	}
	for i := range batch {
		if err := check(&batch[i]); err != nil {
			l.broken = err
			return nil, err
		}
	}
	if !l.room.admits(batch) {
		return nil, fmt.Errorf("%w: the journal holds %d of %d bytes", journal.ErrFull, l.room.size(), l.room.max)
	}
	p := &l.plan
	p.reset(len(batch))
	err = l.transact(func() error { return l.write(p, batch) })
	if err != nil {
		return nil, err
	}
	l.lsn = p.lsn
	l.settle(p, batch)
	return p.losers(), nil
}

// check guards the ledger's own promise, dense and chained events, against a
// caller's mistake.
func check(c *journal.Commit) error {
	if c.Op == journal.OpForget || c.Op == journal.OpDelete && len(c.Entries) == 0 {
		return nil
	}
	n := len(c.Entries)
	if n == 0 || c.Op == journal.OpDelete || c.Op == journal.OpCreate && c.Expect != 0 ||
		c.Entries[0].Sequence != c.Expect+1 || c.Entries[n-1].Sequence != c.Row.Sequence ||
		c.Row.Sequence != c.Expect+int64(n) || c.Entries[n-1].Hash != c.Row.Hash {
		return fmt.Errorf("ledger: commit of %s %q, generation %d: its %d entries do not lead from sequence %d to %d",
			c.Row.Class, c.Row.ID, c.Row.Generation, n, c.Expect, c.Row.Sequence)
	}
	return nil
}

var errAgain = errors.New("ledger: a commit of the batch is lost")

// write runs a batch inside a transaction, again without the lost ones if there
// are any: so they leave nothing behind, not even a number.
func (l *Ledger) write(p *plan, batch []journal.Commit) error {
	for {
		p.make(batch, l.lsn)
		err := l.apply(p, batch)
		if !errors.Is(err, errAgain) {
			return err
		}
		if err := l.w.rollback.Exec(); err != nil {
			return err
		}
		if err := l.w.begin.Exec(); err != nil {
			return err
		}
	}
}

func (l *Ledger) apply(p *plan, batch []journal.Commit) error {
	again := false
	uptime := l.uptime()
	for i := range batch {
		c := &batch[i]
		if p.lost[i] || p.of[i] >= 0 && p.chains[p.of[i]].gone {
			continue
		}
		ok, err := l.one(p, batch, i, uptime)
		if err != nil {
			return fmt.Errorf("%s %q, generation %d: %w", c.Row.Class, c.Row.ID, c.Row.Generation, err)
		}
		if !ok {
			p.lost[i], p.chains[p.of[i]].gone, again = true, true, true
		}
	}
	if again {
		return errAgain
	}
	if err := l.w.tallies(p.tally); err != nil {
		return err
	}
	if p.lsn == l.lsn {
		return nil
	}
	return l.w.meta(p.lsn, uptime)
}

// one writes what a commit changes; false if the object is not as expected.
func (l *Ledger) one(p *plan, batch []journal.Commit, i int, uptime int64) (ok bool, err error) {
	c := &batch[i]
	if c.Op == journal.OpForget {
		p.freed[i], err = l.forget(c, i > 0)
		return true, err
	}
	h := &p.chains[p.of[i]]
	switch {
	case c.Op == journal.OpDelete:
		ok, err = l.w.delete(c, l.cfg.Now(), uptime)
	case i != h.head:
		ok = true
	case c.Op == journal.OpCreate:
		ok, err = l.w.create(&batch[h.tail].Row)
	default:
		ok, err = l.w.change(c, &batch[h.tail].Row)
	}
	if err != nil || !ok {
		return ok, err
	}
	if i == h.detail {
		if err := l.w.detail(c.Row.Generation, c.Detail); err != nil {
			return false, err
		}
	}
	if err := l.w.entries(c.Row.Generation, c.Entries); err != nil {
		return false, err
	}
	if c.Receipt == nil {
		return true, nil
	}
	return true, l.w.receipt(c, uptime)
}

// forget drops a prefix of an object's journal rows and says how many bytes that
// frees; below 0 is all there are.
func (l *Ledger) forget(c *journal.Commit, exact bool) (freed int64, err error) {
	freed = -1
	if exact || c.Upto < l.room.last(c.Row.Generation) {
		if freed, err = l.w.prefix(c.Row.Generation, c.Upto); err != nil {
			return 0, err
		}
	}
	return freed, l.w.forget(c.Row.Generation, c.Upto)
}

// settle counts what a batch that is durable has changed in the journal.
func (l *Ledger) settle(p *plan, batch []journal.Commit) {
	for i := range batch {
		c := &batch[i]
		switch {
		case p.lost[i]:
		case c.Op == journal.OpForget:
			l.room.drop(c.Row.Generation, p.freed[i])
		case c.Op == journal.OpDelete:
			l.room.drop(c.Row.Generation, -1)
		default:
			l.room.add(c.Row.Generation, size(c.Entries), c.Row.Sequence)
		}
	}
}
