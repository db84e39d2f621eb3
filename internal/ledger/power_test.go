package ledger_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/test/soak"
)

var (
	crashes = flag.Int("crashes", 250, "power cuts")
	seed    = flag.Uint64("seed", 1, "where the random choices of the power tests begin")
)

// What a ledger has committed survives a power cut at any operation of the disk,
// a commit, a checkpoint, a recovery or a start, and another one while it starts
// again; what was not answered is there wholly or not at all.
func TestNothingIsLostWhenThePowerFails(t *testing.T) {
	var c powerfail.Count
	var err error
	soak.Rounds(t, *seed, func(from uint64) {
		if err = histories(t, ledger.New, nil, from, *crashes, &c); err != nil {
			t.Error(err)
		}
	})
	c.Report(t, err, journal.ErrDamaged)
}

// Without one of the safeties one of the tests fails, else they show nothing.
func TestEachSafetyIsNeeded(t *testing.T) {
	powerFails := func(open maker, lies func(string) bool) func(*testing.T) error {
		return func(t *testing.T) error {
			return histories(t, open, lies, *seed, 1000, new(powerfail.Count))
		}
	}
	mutants := map[string]func(*testing.T) error{
		"what a failed commit left is built on":   powerFails(ledger.NewWithoutCheckpoint, nil),
		"the disk lies about the log":             powerFails(ledger.New, func(n string) bool { return strings.HasSuffix(n, "-wal") }),
		"the disk lies about the database":        powerFails(ledger.New, func(n string) bool { return strings.HasSuffix(n, ".db") }),
		"what a failed commit left is moved home": func(t *testing.T) error { return cuts(t, ledger.NewWithoutCut, 1) },
	}
	caught := 0
	for name, run := range mutants {
		t.Run(name, func(t *testing.T) {
			err := run(t)
			if err == nil {
				t.Fatal("nothing shows that this safety is missing")
			}
			caught++
			t.Log("caught:", err)
		})
	}
	t.Attr("mutants", strconv.Itoa(len(mutants)))
	t.Attr("caught", strconv.Itoa(caught))
}

// histories tries seeds from one on until there were so many crashes or one
// broke a promise.
func histories(t *testing.T, open maker, lies func(string) bool, from uint64, crashes int, c *powerfail.Count) (err error) {
	for upto := c.Crashes() + crashes; c.Crashes() < upto && err == nil; from++ {
		if err = history(t, open, lies, from, c); err != nil {
			err = fmt.Errorf("seed %d: %w", from, err)
		}
	}
	return err
}

// history lets a ledger live through up to two faults, cuts the power while it
// commits, and compares what is found in each mode. In one of twelve it commits so
// much that the -wal is moved home meanwhile.
func history(t *testing.T, open maker, lies func(string) bool, s uint64, count *powerfail.Count) error {
	r := rand.New(rand.NewPCG(s, 11))
	var c clock
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir(), Lies: lies})
	defer d.Close()
	l, err := open(oneReader(d, &c))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	k := track(l)
	for range r.IntN(3) {
		if l, err = live(t, open, d, &c, k, r); err != nil {
			return err
		}
	}
	operations := 30
	if s%12 == 0 {
		k.size, operations = 500<<10, 1200
	}
	d.Fail(powerfail.PowerOff, 1+r.IntN(operations))
	for err == nil {
		err = k.step(t, 4)
		k.size = 0
	}
	if !d.Dead() || !errors.Is(err, journal.ErrUnknown) {
		return fmt.Errorf("commit with the power on: %w", err)
	}
	for mode := range powerfail.NumModes {
		if err := cut(t, open, d, mode, k, r, &c, count); err != nil {
			return fmt.Errorf("%v: %w", mode, err)
		}
	}
	return nil
}

// oneReader is a ledger whose readers cost little to open.
func oneReader(d *powerfail.Disk, c *clock) ledger.Config {
	cfg := diskConfig(d, c)
	cfg.Readers = 1
	return cfg
}

// cut lets the power come back, one time in three fail again while the ledger
// starts, and compares what is there; then it must go on.
func cut(t *testing.T, open maker, d *powerfail.Disk, mode powerfail.Mode, k *tracker, r *rand.Rand, c *clock, count *powerfail.Count) error {
	after := d.Crash(mode, r)
	again := r.IntN(3) == 0
	count.Crash(again)
	if again {
		after.Fail(powerfail.PowerOff, 1+r.IntN(30))
		if l, err := open(oneReader(after, c)); err == nil {
			_ = l.Close()
		}
		left := after.Crash(powerfail.Mode(r.IntN(int(powerfail.NumModes))), r)
		after.Close()
		after = left
	}
	defer after.Close()
	l, err := open(oneReader(after, c))
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	if err := k.compare(t, l); err != nil {
		return err
	}
	next := &tracker{rows: maps.Clone(k.rows), may: maps.Clone(k.may), n: k.n}
	next.adopt(t, l)
	if err := next.step(t, 4); err != nil {
		return fmt.Errorf("going on: %w", err)
	}
	return next.compare(t, l)
}
