package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

type maker func(ledger.Config) (*ledger.Ledger, error)

// diskConfig is a ledger on a simulated disk.
func diskConfig(d *powerfail.Disk, c *clock) ledger.Config {
	cfg := c.config("/data")
	cfg.VFS, cfg.Readers = d.VFS(), 2
	return cfg
}

func newDisk(t *testing.T) *powerfail.Disk {
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir()})
	t.Cleanup(d.Close)
	return d
}

// onDisk returns a ledger on a simulated disk.
func onDisk(t *testing.T) (*powerfail.Disk, *ledger.Ledger) {
	t.Helper()
	var c clock
	d := newDisk(t)
	l, err := ledger.New(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return d, l
}

// TestFailedCommitNeverBecomesSilentLoss lets one disk operation of a commit
// fail in each possible way, recovers, or kills the process and starts it again,
// goes on, and cuts the power.
func TestFailedCommitNeverBecomesSilentLoss(t *testing.T) {
	if err := faults(t, ledger.New, 30); err != nil {
		t.Error(err)
	}
}

func TestFailedCommitMutantWithoutCheckpointLoses(t *testing.T) {
	if err := faults(t, ledger.NewWithoutCheckpoint, 30); err == nil {
		t.Error("the ledger that builds on what a failed sync left was not caught")
	} else {
		t.Log("caught:", err)
	}
}

// faults tries seeds until one shows a loss, which it returns.
func faults(t *testing.T, open maker, seeds int) error {
	for seed := range seeds {
		if err := fault(t, open, uint64(seed)); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

func fault(t *testing.T, open maker, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 5))
	var c clock
	d := newDisk(t)
	l, err := open(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	k := track(l)
	if l, err = live(t, open, d, &c, k, r); err != nil {
		return err
	}
	return crashed(t, d, k, r, &c)
}

// live lets a ledger commit, meet a fault, recover or be killed, and commit
// again. It returns the ledger that is open then.
func live(t *testing.T, open maker, d *powerfail.Disk, c *clock, k *tracker, r *rand.Rand) (l *ledger.Ledger, err error) {
	l = k.l
	for range 3 + r.IntN(5) {
		if err := k.step(t, 4); err != nil {
			t.Fatal(err)
		}
	}
	d.Fail([]powerfail.Fault{powerfail.IOErrOnce, powerfail.IOErrSticky, powerfail.NoSpace}[r.IntN(3)], 1+r.IntN(30))
	for range 6 {
		if err = k.step(t, 4); err != nil {
			break
		}
	}
	if err != nil && !isOne(err, journal.ErrUnknown, journal.ErrFull) {
		return l, fmt.Errorf("commit: %w", err)
	}
	if errors.Is(err, journal.ErrFull) {
		k.may = nil // nothing happened
	}
	d.Fail(powerfail.NoFault, 0)
	if r.IntN(2) == 0 {
		if err := l.Recover(t.Context()); err != nil {
			return l, fmt.Errorf("recover: %w", err)
		}
	} else {
		d.Restart()
		_ = l.Close()
		if l, err = open(diskConfig(d, c)); err != nil {
			return l, fmt.Errorf("restart: %w", err)
		}
	}
	if err := k.compare(t, l); err != nil {
		return l, fmt.Errorf("going on: found %w", err)
	}
	k.adopt(t, l)
	for range 1 + r.IntN(4) {
		if err := k.step(t, 4); err != nil {
			return l, fmt.Errorf("going on: %w", err)
		}
	}
	return l, nil
}

// crashed cuts the power and compares what is found then.
func crashed(t *testing.T, d *powerfail.Disk, k *tracker, r *rand.Rand, c *clock) error {
	mode := powerfail.Mode(r.IntN(int(powerfail.NumModes)))
	after := d.Crash(mode, r)
	defer after.Close()
	l, err := ledger.New(diskConfig(after, c))
	if err != nil {
		return fmt.Errorf("%s: %w", mode, err)
	}
	defer func() { _ = l.Close() }()
	if err := k.compare(t, l); err != nil {
		return fmt.Errorf("%s: %w", mode, err)
	}
	return nil
}

// TestPowerCutWhileRecovering fails the sync of a commit, so that what it wrote
// can be read but is not on the disk, and cuts the power in the middle of the
// recovery, which must not have built on it.
func TestPowerCutWhileRecovering(t *testing.T) {
	for _, tries := range []int{1, 2} {
		if err := cuts(t, ledger.New, tries); err != nil {
			t.Errorf("at try %d to recover: %v", tries, err)
		}
	}
}

func TestPowerCutWhileRecoveringMutantWithoutCut(t *testing.T) {
	if err := cuts(t, ledger.NewWithoutCut, 1); err == nil {
		t.Error("the recovery that moves lost pages into the ledger was not caught")
	} else {
		t.Log("caught:", err)
	}
}

func cuts(t *testing.T, open maker, tries int) error {
	for seed := range 12 {
		if err := cutWhileRecovering(t, open, uint64(seed), tries); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

func cutWhileRecovering(t *testing.T, open maker, seed uint64, tries int) error {
	r := rand.New(rand.NewPCG(seed, 7))
	var c clock
	d := newDisk(t)
	l, err := open(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	k := track(l)
	// Each commit begins a new -wal, which nothing before it stands behind. Its
	// last operation is the sync.
	ops := 0
	for n := range 4 {
		if err := l.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n == 3 {
			d.Fail(powerfail.IOErrOnce, ops)
		}
		before := d.Ops()
		if err := k.step(t, 40); (err != nil) != (n == 3) {
			t.Fatal(err)
		}
		ops = d.Ops() - before
	}
	for range tries - 1 {
		d.Fail(powerfail.IOErrSticky, 1)
		if l.Recover(t.Context()) == nil {
			t.Fatal("it recovers on a broken disk")
		}
	}
	d.Fail(powerfail.PowerOff, 1+r.IntN(30))
	_ = l.Recover(t.Context())
	return crashed(t, d, k, r, &c)
}

// TestNothingWorksBetweenAFailureAndItsRecovery: readers are shut out too, for
// what they would read may not be durable.
func TestNothingWorksBetweenAFailureAndItsRecovery(t *testing.T) {
	d, l := onDisk(t)
	k := track(l)
	if err := k.step(t, 2); err != nil {
		t.Fatal(err)
	}
	d.Fail(powerfail.IOErrSticky, 1)
	if err := k.step(t, 2); !errors.Is(err, journal.ErrUnknown) {
		t.Fatalf("a commit on a broken disk: %v, want ErrUnknown", err)
	}
	ctx := t.Context()
	calls := map[string]func() error{
		"commit":   func() error { _, err := l.Commit(ctx, nil); return err },
		"load":     func() error { _, err := l.Load(ctx, journal.Key{Class: "task", ID: "o1"}); return err },
		"entries":  func() error { _, err := l.Entries(ctx, 1, 1, 1); return err },
		"receipt":  func() error { _, _, err := l.Receipt(ctx, [32]byte{}); return err },
		"backlog":  func() error { _, err := l.Backlog(ctx, "task"); return err },
		"list":     func() error { _, err := l.List(ctx, journal.Query{Class: "task", Limit: 1}); return err },
		"tallies":  func() error { _, _, err := l.Tallies(ctx, "task"); return err },
		"keys":     func() error { _, err := l.Keys(ctx); return err },
		"touch":    func() error { return l.TouchKey(ctx, "x", 1) },
		"unlinked": func() error { return l.Unlinked(ctx, []int64{1}) },
		"sweep":    func() error { return l.Sweep(ctx) },
	}
	refused := func(when string) {
		t.Helper()
		for name, call := range calls {
			if err := call(); !errors.Is(err, journal.ErrUnknown) {
				t.Errorf("%s, %s: %v, want ErrUnknown", when, name, err)
			}
		}
	}
	refused("after the failure")
	select {
	case <-l.Broke():
	default:
		t.Error("it broke and does not say so")
	}
	if err := l.Recover(ctx); err == nil {
		t.Fatal("it recovers on a disk that is still broken")
	}
	refused("after a recovery that failed")
	d.Fail(powerfail.NoFault, 0)
	if err := l.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	if err := k.compare(t, l); err != nil {
		t.Error(err)
	}
	k.adopt(t, l)
	if err := k.step(t, 2); err != nil {
		t.Error("it does not go on:", err)
	}
}

// What breaks beside the commits must be told: no commit may come to find it.
func TestBreakingOutsideACommitIsTold(t *testing.T) {
	d, l := onDisk(t)
	select {
	case <-l.Broke():
		t.Error("it says it broke when it did not")
	default:
	}
	d.Fail(powerfail.IOErrSticky, 1)
	if err := l.InsertKey(t.Context(), journal.APIKey{ID: "k"}); !errors.Is(err, journal.ErrUnknown) {
		t.Fatalf("a key on a broken disk: %v, want ErrUnknown", err)
	}
	select {
	case <-l.Broke():
	default:
		t.Error("it broke and does not say so")
	}
}
