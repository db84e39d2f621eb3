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

// TestFailedCommitNeverBecomesSilentLoss lets one disk operation of a commit
// fail in each possible way, recovers, or kills the process and starts it again,
// goes on, and cuts the power.
func TestFailedCommitNeverBecomesSilentLoss(t *testing.T) {
	if lost := faults(t, ledger.New, 60); len(lost) > 0 {
		t.Error(lost[0])
	}
}

func TestFailedCommitMutantWithoutCheckpointLoses(t *testing.T) {
	if lost := faults(t, ledger.NewWithoutCheckpoint, 60); len(lost) == 0 {
		t.Error("the ledger that builds on what a failed sync left was not caught")
	}
}

func faults(t *testing.T, open maker, seeds int) (lost []error) {
	for seed := range seeds {
		if err := fault(t, open, uint64(seed)); err != nil {
			lost = append(lost, fmt.Errorf("seed %d: %w", seed, err))
		}
	}
	return lost
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
		return fmt.Errorf("commit: %w", err)
	}
	if errors.Is(err, journal.ErrFull) {
		k.may = nil // nothing happened
	}
	d.Fail(powerfail.NoFault, 0)
	if r.IntN(2) == 0 {
		if err := l.Recover(t.Context()); err != nil {
			return fmt.Errorf("recover: %w", err)
		}
	} else {
		d.Restart()
		_ = l.Close()
		if l, err = open(diskConfig(d, &c)); err != nil {
			return fmt.Errorf("restart: %w", err)
		}
	}
	if err := k.compare(t, l); err != nil {
		return fmt.Errorf("going on: found %w", err)
	}
	k.adopt(t, l)
	for range 1 + r.IntN(4) {
		if err := k.step(t, 4); err != nil {
			return fmt.Errorf("going on: %w", err)
		}
	}
	return crashed(t, d, k, r, &c)
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
	if lost := cuts(t, ledger.New); len(lost) > 0 {
		t.Error(lost[0])
	}
}

func TestPowerCutWhileRecoveringMutantWithoutCut(t *testing.T) {
	if lost := cuts(t, ledger.NewWithoutCut); len(lost) == 0 {
		t.Error("the recovery that moves lost pages into the ledger was not caught")
	}
}

func cuts(t *testing.T, open maker) (lost []error) {
	for seed := range 40 {
		if err := cutWhileRecovering(t, open, uint64(seed)); err != nil {
			lost = append(lost, fmt.Errorf("seed %d: %w", seed, err))
		}
	}
	return lost
}

func cutWhileRecovering(t *testing.T, open maker, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 7))
	var c clock
	d := newDisk(t)
	l, err := open(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	k := track(l)
	for range 3 {
		if err := k.step(t, 40); err != nil {
			t.Fatal(err)
		}
	}
	// Writes of frames come first, two for each; the sync is the last operation.
	before := d.Ops()
	if err := k.step(t, 40); err != nil {
		t.Fatal(err)
	}
	d.Fail(powerfail.IOErrOnce, d.Ops()-before)
	for err = nil; err == nil; {
		if d.Hit() != "" {
			return nil // it was no sync of a commit
		}
		err = k.step(t, 40)
	}
	d.Fail(powerfail.PowerOff, 1+r.IntN(30))
	_ = l.Recover(t.Context())
	return crashed(t, d, k, r, &c)
}
