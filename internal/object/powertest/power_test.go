package powertest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/test/soak"
)

var (
	crashes = flag.Int("crashes", 250, "power cuts")
	seed    = flag.Uint64("seed", 1, "where the random choices begin")
)

// What was answered, shown or refused stays true over a power cut at any operation
// of the disk, and another one while the house recovers; the disk may have failed
// or been full before. What was not answered happens once when it is asked for
// again. Listing and tasks agree.
func TestNothingIsLostWhenThePowerFails(t *testing.T) {
	var c powerfail.Count
	var err error
	soak.Rounds(t, *seed, func(from uint64) {
		if err = storms(t, mutant{}, from, *crashes, &c); err != nil {
			t.Error(err)
		}
	})
	c.Report(t, err, journal.ErrDamaged)
}

// Without one of the safeties the same test fails, else it shows nothing.
func TestEachSafetyIsNeeded(t *testing.T) {
	caught := 0
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			var c powerfail.Count
			err := storms(t, m, *seed, 400, &c)
			var l lost
			if !errors.As(err, &l) && !errors.Is(err, journal.ErrDamaged) { // the latter of the ledger, at its start
				t.Fatalf("%d crashes do not show that this safety is missing: %v", c.Crashes(), err)
			}
			caught++
			t.Logf("caught after %d crashes: %v", c.Crashes(), err)
		})
	}
	t.Attr("mutants", strconv.Itoa(len(mutants)))
	t.Attr("caught", strconv.Itoa(caught))
}

// storms runs storms, of seeds from one on, until there were so many crashes or
// one broke a promise.
func storms(t *testing.T, m mutant, from uint64, crashes int, c *powerfail.Count) error {
	var failed atomic.Pointer[error]
	var next atomic.Uint64
	upto := c.Crashes() + crashes
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for c.Crashes() < upto && failed.Load() == nil {
				s := from + next.Add(1) - 1
				if err := rage(t, m, s, c); err != nil {
					err = fmt.Errorf("seed %d: %w", s, err)
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// rage lets a house live through a storm, and checks what is left of its disk in
// each mode.
func rage(t *testing.T, m mutant, s uint64, c *powerfail.Count) error {
	st := newStorm(t, m, s)
	defer st.disk.Close()
	if err := st.live(); err != nil {
		return fmt.Errorf("%v (%s): %w", st.fault, st.hit, err)
	}
	for mode := range powerfail.NumModes {
		if err := st.cut(mode, c); err != nil {
			return fmt.Errorf("%v (%s), %v: %w", st.fault, st.hit, mode, err)
		}
	}
	return nil
}

// cut lets the power come back and checks the house; one time in three it fails
// again while the house recovers.
func (st *storm) cut(mode powerfail.Mode, c *powerfail.Count) error {
	after := st.disk.Crash(mode, st.r)
	again := st.r.IntN(3) == 0
	c.Crash(again)
	if again {
		after.Fail(powerfail.PowerOff, 1+st.r.IntN(40))
		if h, err := open(after, st.mutant); err == nil {
			ctx, cancel := context.WithTimeout(st.t.Context(), patience)
			_, _ = h.Flush(ctx) // until it fails again, or is done
			cancel()
			h.close()
		}
		left := after.Crash(powerfail.Mode(st.r.IntN(int(powerfail.NumModes))), st.r)
		after.Close()
		after = left
	}
	defer after.Close()
	h, err := open(after, st.mutant)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer h.close()
	ctx, cancel := context.WithTimeout(st.t.Context(), patience)
	defer cancel()
	pages, wall := st.book()
	if err := st.check(ctx, h, pages, wall); err != nil { // from the journal
		return err
	}
	for _, p := range pages {
		if err := p.retry(ctx, h); err != nil {
			return err
		}
	}
	if err := wall.retry(ctx, h); err != nil {
		return err
	}
	if _, err := h.Flush(ctx); err != nil {
		return loss("take everything home: %v", err)
	}
	return st.check(ctx, h, pages, wall) // from the files
}

// check compares every task with what is known of it, and the listing with the
// tasks.
func (st *storm) check(ctx context.Context, h *house, pages map[string]*page, w *wall) error {
	for _, p := range pages {
		if err := p.check(ctx, h); err != nil {
			return err
		}
	}
	if err := w.check(ctx, h); err != nil {
		return err
	}
	for _, s := range st.spectators {
		if err := s.check(ctx, h, pages[s.id] != nil && pages[s.id].gone()); err != nil {
			return err
		}
	}
	for _, o := range st.onlookers {
		if err := o.check(ctx, h, pages); err != nil {
			return err
		}
	}
	return agree(ctx, h)
}

// agree compares the listing and the counts with the tasks.
func agree(ctx context.Context, h *house) error {
	listed, err := h.ledger.List(ctx, journal.Query{Class: "task", Limit: 1000})
	if err != nil {
		return err
	}
	tallies, _, err := h.ledger.Tallies(ctx, "task")
	if err != nil {
		return err
	}
	byStatus := map[int]int64{}
	for _, row := range listed.Rows {
		byStatus[row.Row.Status]++
		t, err := h.Get(ctx, row.Row.ID)
		if err != nil || t.Sequence != row.Row.Sequence || int(t.Status) != row.Row.Status {
			return loss("%s is listed at %d, status %d, and is at %d, status %v, %v", row.Row.ID, row.Row.Sequence, row.Row.Status, t.Sequence, t.Status, err)
		}
	}
	for _, c := range tallies {
		if byStatus[c.Status] != c.Count {
			return loss("%d tasks of status %d are counted, %d listed", c.Count, c.Status, byStatus[c.Status])
		}
		delete(byStatus, c.Status)
	}
	if len(byStatus) > 0 || listed.Count != int64(len(listed.Rows)) {
		return loss("listed %d, counted %d; not counted by status: %v", len(listed.Rows), listed.Count, byStatus)
	}
	return nil
}
