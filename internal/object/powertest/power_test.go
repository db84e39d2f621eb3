package powertest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

var (
	crashes = flag.Int("crashes", 500, "power cuts")
	seed    = flag.Uint64("seed", 1, "where the random choices begin")
)

// What was answered or shown survives a power cut at any operation of the disk,
// and another one while the house recovers; listing and tasks agree.
func TestNothingAnsweredIsLost(t *testing.T) {
	cuts, err := storms(t, mutant{}, *crashes)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d crashes, 0 lost, 0 corrupt", cuts)
}

// Without one of the safeties the same test fails, else it shows nothing.
func TestEachSafetyIsNeeded(t *testing.T) {
	mutants := map[string]mutant{
		"the disk lies about the ledger's log":      {lies: func(n string) bool { return strings.HasSuffix(n, "ledger.db-wal") }},
		"the disk lies about the ledger":            {lies: func(n string) bool { return strings.HasSuffix(n, "ledger.db") }},
		"the disk lies about files of tasks":        {lies: func(n string) bool { return strings.Contains(n, "/objects/") && strings.HasSuffix(n, ".db") }},
		"names of new files are not synced":         {noDirSync: true},
		"events are forgotten before they are home": {forgetsEarly: true},
	}
	caught := 0
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			cuts, err := storms(t, m, 400)
			var l lost
			if !errors.As(err, &l) && !errors.Is(err, journal.ErrDamaged) {
				t.Fatalf("%d crashes do not show that this safety is missing: %v", cuts, err)
			}
			caught++
			t.Logf("caught after %d crashes: %v", cuts, err)
		})
	}
	t.Logf("%d of %d mutants caught", caught, len(mutants))
}

// storms runs storms until there were so many crashes or one broke a promise.
func storms(t *testing.T, m mutant, crashes int) (cuts int, err error) {
	for s := *seed; cuts < crashes && err == nil; s++ {
		var n int
		if n, err = storm(t, m, s); err != nil {
			err = fmt.Errorf("seed %d: %w", s, err)
		}
		cuts += n
	}
	return cuts, err
}

const callers = 3

// A tempest is one storm: the disk, who calls and who looks on.
type tempest struct {
	t         *testing.T
	r         *rand.Rand
	m         mutant
	callers   []*caller
	spectator *spectator
}

// storm lets callers work until the power fails, and checks what is left of the
// disk in each mode.
func storm(t *testing.T, m mutant, s uint64) (cuts int, err error) {
	st := &tempest{t: t, m: m, r: rand.New(rand.NewPCG(s, 99)), spectator: &spectator{id: "c0-0", shown: map[int64]string{}}}
	for i := range callers {
		st.callers = append(st.callers, &caller{name: fmt.Sprintf("c%d", i), r: rand.New(rand.NewPCG(s, uint64(i)))})
	}
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir(), Lies: m.lies})
	if err := st.work(d); err != nil {
		return 0, err
	}
	defer d.Close()
	for mode := range powerfail.NumModes {
		cuts++
		if err := st.cut(d, mode); err != nil {
			return cuts, fmt.Errorf("%v: %w", mode, err)
		}
	}
	return cuts, nil
}

// work lets the callers call until the power fails.
func (st *tempest) work(d *powerfail.Disk) error {
	h, err := open(d, st.m)
	if err != nil {
		return err
	}
	d.Fail(powerfail.PowerOff, 1+st.r.IntN(600))
	ctx, stop := context.WithTimeout(st.t.Context(), 20*time.Second)
	defer stop()
	var working, looking sync.WaitGroup
	looking.Go(func() { st.spectator.run(ctx, h) })
	errs := make(chan error, callers)
	for _, c := range st.callers {
		working.Go(func() { errs <- c.run(ctx, h, 60) })
	}
	working.Wait()
	h.close()
	stop()
	looking.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// cut lets the power come back and checks the house; one time in three it fails
// again while the house recovers.
func (st *tempest) cut(d *powerfail.Disk, mode powerfail.Mode) error {
	after := d.Crash(mode, st.r)
	if st.r.IntN(3) == 0 {
		after.Fail(powerfail.PowerOff, 1+st.r.IntN(40))
		if h, err := open(after, st.m); err == nil {
			ctx, cancel := context.WithTimeout(st.t.Context(), 5*time.Second)
			_, _ = h.Flush(ctx) // until it fails again, or is done
			cancel()
			h.close()
		}
		again := after.Crash(powerfail.Mode(st.r.IntN(int(powerfail.NumModes))), st.r)
		after.Close()
		after = again
	}
	defer after.Close()
	h, err := open(after, st.m)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer h.close()
	ctx, cancel := context.WithTimeout(st.t.Context(), 20*time.Second)
	defer cancel()
	for range 2 { // from the journal, then from the files
		if err := st.check(ctx, h); err != nil {
			return err
		}
		if _, err := h.Flush(ctx); err != nil {
			return fmt.Errorf("take everything home: %w", err)
		}
	}
	return nil
}

// check compares every task with what is known of it, and the listing with the
// tasks.
func (st *tempest) check(ctx context.Context, h *house) error {
	for _, c := range st.callers {
		for _, p := range c.pages {
			if err := p.check(ctx, h); err != nil {
				return err
			}
		}
	}
	if err := st.spectator.check(ctx, h, st.spectated()); err != nil {
		return err
	}
	return st.list(ctx, h)
}

func (st *tempest) spectated() *page {
	if pages := st.callers[0].pages; len(pages) > 0 {
		return pages[0]
	}
	return &page{}
}

// list compares the listing with the tasks.
func (st *tempest) list(ctx context.Context, h *house) error {
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
