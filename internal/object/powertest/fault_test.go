package powertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

const faults = 60

// At any operation of the disk a sync, a write or an open may fail, once or from
// then on. Callers are told that nothing happened or that it is not known; reads
// go on; when the fault is gone, so do changes, without a restart; and nothing
// that was acknowledged is lost, by a power cut neither.
func TestAFaultIsToldAndPasses(t *testing.T) {
	var c powerfail.Count
	told, err := trials(t, lax{}, faults, &c)
	if err != nil {
		t.Error(err)
	}
	c.Report(t, err, journal.ErrDamaged)
	t.Logf("%d faults, calls told of them: %v", faults, told)
	for _, f := range []powerfail.Fault{powerfail.IOErrOnce, powerfail.IOErrSticky, powerfail.NoSpace} {
		if err == nil && told[f.String()] == 0 {
			t.Errorf("no call met %v", f)
		}
	}
}

// Without one of the safeties the same test fails, else it shows nothing.
func TestEachSafetyAgainstFaultsIsNeeded(t *testing.T) {
	caught, mutants := 0, map[string]lax{
		"a full disk is told as done":           {fullIsDone: true},
		"a home that failed is told as done":    {homeIsDone: true},
		"a failed commit is told as done":       {unknownIsDone: true},
		"a broken ledger is not opened again":   {staysBroken: true},
		"a full disk is told as any failure is": {fullIsUntold: true},
	}
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			_, err := trials(t, m, 100, new(powerfail.Count))
			var l lost
			if !errors.As(err, &l) {
				t.Fatalf("100 faults do not show that this safety is missing: %v", err)
			}
			caught++
			t.Logf("caught: %v", err)
		})
	}
	t.Attr("mutants", strconv.Itoa(len(mutants)))
	t.Attr("caught", strconv.Itoa(caught))
}

// lax is a house that does not take faults seriously. The zero value does.
type lax struct {
	fullIsDone, fullIsUntold, unknownIsDone, homeIsDone, staysBroken bool
}

func (m lax) parts(j object.Journal, h home) (object.Journal, home) {
	if m.homeIsDone {
		h = careless{h}
	}
	return laxJournal{j, m}, h
}

type careless struct{ home }

func (c careless) Write(ctx context.Context, w work) []error {
	c.home.Write(ctx, w)
	return make([]error, len(w))
}

type laxJournal struct {
	object.Journal
	lax
}

func (j laxJournal) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	lost, err := j.Journal.Commit(ctx, batch)
	switch {
	case j.fullIsDone && errors.Is(err, journal.ErrFull):
		return nil, nil
	case j.fullIsUntold && errors.Is(err, journal.ErrFull):
		return nil, errors.New("something is wrong")
	case j.unknownIsDone && errors.Is(err, journal.ErrUnknown):
		return nil, j.Journal.Recover(ctx)
	}
	return lost, err
}

func (j laxJournal) Recover(ctx context.Context) error {
	if j.staysBroken {
		return nil
	}
	return j.Journal.Recover(ctx)
}

// trials goes through faults until one broke a promise, and counts the calls
// that were told of each kind.
func trials(t *testing.T, m lax, n int, c *powerfail.Count) (told map[string]int, err error) {
	told = map[string]int{}
	for s := range uint64(n) {
		tr := &trial{t: t, r: rand.New(rand.NewPCG(*seed+s, 21)), told: told, count: c}
		if err := tr.run(m); err != nil {
			return told, fmt.Errorf("seed %d, %v: %w", *seed+s, tr.fault, err)
		}
	}
	return told, nil
}

// A trial is one fault under a house at work.
type trial struct {
	t     *testing.T
	r     *rand.Rand
	fault powerfail.Fault
	users []*user
	count *powerfail.Count

	mu   sync.Mutex
	told map[string]int
}

func (tr *trial) run(m lax) error {
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: tr.t.TempDir()})
	defer d.Close()
	h, err := openWith(d, m.parts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(tr.t.Context(), 20*time.Second)
	defer cancel()
	for i := range callers {
		tr.users = append(tr.users, &user{trial: tr, caller: &caller{name: fmt.Sprint("c", i), r: rand.New(rand.NewPCG(tr.r.Uint64(), 1))}})
	}
	tr.fault = powerfail.IOErrOnce + powerfail.Fault(tr.r.IntN(int(powerfail.NumFaults-powerfail.IOErrOnce)))
	err = errors.Join(
		tr.all(func(u *user) error { return u.work(ctx, h, 8) }),
		func() error { d.Fail(tr.fault, 1+tr.r.IntN(150)); return nil }(),
		tr.all(func(u *user) error { return u.work(ctx, h, 40) }),
	)
	if err == nil {
		err = tr.reads(ctx, h)
	}
	d.Fail(powerfail.NoFault, 0)
	for _, step := range []func() error{
		func() error { return resumed(ctx, h) },
		func() error { return tr.all(func(u *user) error { return u.settle(ctx, h) }) },
		func() error { return tr.all(func(u *user) error { return u.workWell(ctx, h, 8) }) },
		func() error { return tr.check(ctx, h) },
		func() error { return flushed(ctx, h) },
		func() error { return tr.check(ctx, h) },
	} {
		if err == nil {
			err = step()
		}
	}
	h.close()
	if err != nil {
		return err
	}
	return tr.cut(ctx, d)
}

// cut lets the power fail, and checks what is left.
func (tr *trial) cut(ctx context.Context, d *powerfail.Disk) error {
	tr.count.Crash(false)
	after := d.Crash(powerfail.Mode(tr.r.IntN(int(powerfail.NumModes))), tr.r)
	defer after.Close()
	h, err := open(after, mutant{})
	if err != nil {
		return fmt.Errorf("after a power cut: %w", err)
	}
	defer h.close()
	return tr.check(ctx, h)
}

// all lets the users do something, each beside the others.
func (tr *trial) all(do func(*user) error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(tr.users))
	for i, u := range tr.users {
		wg.Go(func() { errs[i] = do(u) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (tr *trial) check(ctx context.Context, h *house) error {
	for _, u := range tr.users {
		for _, p := range u.pages {
			if err := p.check(ctx, h); err != nil {
				return err
			}
		}
	}
	return agree(ctx, h)
}

// reads sees that what can be read is while the fault lasts.
func (tr *trial) reads(ctx context.Context, h *house) error {
	for _, u := range tr.users {
		for _, p := range u.pages {
			if p.deleted || p.unknown != nil || len(p.acked) == 0 {
				continue
			}
			events, err := h.history(ctx, p.id)
			got, missing := h.Get(ctx, p.id)
			io := tr.fault == powerfail.IOErrOnce || tr.fault == powerfail.IOErrSticky
			switch {
			case io && errors.Is(err, journal.ErrUnknown), io && errors.Is(err, journal.ErrUnreadable):
			case tr.fault == powerfail.NoDescriptors && errors.Is(err, journal.ErrNoDescriptors) && missing == nil:
			case err != nil, missing != nil:
				return loss("%s cannot be read: %v, %v", p.id, err, missing)
			case len(events) != len(p.acked) || got.Sequence != int64(len(p.acked)):
				return loss("%s shows %d events, sequence %d; %d were acknowledged", p.id, len(events), got.Sequence, len(p.acked))
			}
		}
	}
	return nil
}

// resumed waits until the house takes calls again.
func resumed(ctx context.Context, h *house) error {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	for h.Ready() != nil {
		select {
		case <-again.C:
		case <-ctx.Done():
			return loss("the fault is gone, and calls are not taken: %v", h.Ready())
		}
	}
	return nil
}

func flushed(ctx context.Context, h *house) error {
	if _, err := h.Flush(ctx); err != nil {
		return loss("the fault is gone, and tasks do not come home: %v", err)
	}
	return nil
}

// A user is a caller who goes on when a call fails, with other tasks if it is
// not known what became of one.
type user struct {
	*trial
	*caller
}

// work calls, and takes each answer at its word.
func (u *user) work(ctx context.Context, h *house, calls int) error {
	for i := range calls {
		p := u.open()
		c := u.next(p, i)
		switch _, err := h.do(ctx, c.cmd, ""); {
		case err == nil:
			p.note(c)
		case errors.Is(err, journal.ErrUnknown) && u.fault == powerfail.NoSpace:
			return loss("the disk is full, so %T on %s did not happen, and is told as unknown: %v", c.cmd, p.id, err)
		case errors.Is(err, journal.ErrUnknown):
			u.tell()
			p.unknown = &c
		case errors.Is(err, journal.ErrFull):
			u.tell() // nothing happened
		default:
			return loss("%T on %s is answered by %v", c.cmd, p.id, err)
		}
	}
	return nil
}

// workWell calls, and each call must succeed.
func (u *user) workWell(ctx context.Context, h *house, calls int) error {
	for i := range calls {
		p := u.open()
		c := u.next(p, i)
		if _, err := h.do(ctx, c.cmd, ""); err != nil {
			return loss("the fault is gone, and %T on %s is answered by %v", c.cmd, p.id, err)
		}
		p.note(c)
	}
	return nil
}

func (u *user) tell() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.told[u.fault.String()]++
}

// open returns a task to work on of which everything is known.
func (u *user) open() *page {
	for {
		if p := u.pick(); p.unknown == nil {
			return p
		}
		u.pages = append(u.pages, &page{id: fmt.Sprintf("%s-%d", u.name, len(u.pages))})
		if p := u.pages[len(u.pages)-1]; u.caller.r.IntN(2) == 0 {
			return p
		}
	}
}

// settle finds out what became of calls whose outcome was unknown.
func (u *user) settle(ctx context.Context, h *house) error {
	for _, p := range u.pages {
		if p.unknown == nil {
			continue
		}
		events, err := h.history(ctx, p.id)
		switch {
		case errors.Is(err, journal.ErrNotFound):
			p.deleted = p.unknown.text == "delete"
		case err != nil:
			return loss("the fault is gone, and %s cannot be read: %v", p.id, err)
		case p.unknown.text != "delete" && len(events) > len(p.acked):
			p.note(*p.unknown)
		}
		p.unknown = nil
	}
	return nil
}
