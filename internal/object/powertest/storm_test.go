package powertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

const (
	callers  = 3
	calls    = 40 // of each caller
	patience = 10 * time.Second
)

// A storm is what a house lives through until the power fails: callers and
// onlookers, and in half of all storms a disk that fails, or has no room, or no
// descriptors are left, and that is mended while they go on.
type storm struct {
	t          *testing.T
	r          *rand.Rand
	mutant     mutant
	disk       *powerfail.Disk
	house      *house
	callers    []*caller
	wall       *wall
	spectators []*spectator
	onlookers  []*onlooker
	writing    chan struct{} // gets one when somebody begins to write on the wall

	fault  powerfail.Fault // the first
	mended chan struct{}   // closed when it was ended, and the power is about to fail

	mu      sync.Mutex
	hit     string // operation that failed first
	trouble int    // calls that may fail before somebody mends the disk
	end     int    // operation at which the power fails after that
}

func newStorm(t *testing.T, m mutant, s uint64) *storm {
	st := &storm{
		t: t, mutant: m, r: rand.New(rand.NewPCG(s, 99)), wall: newWall(), mended: make(chan struct{}), writing: make(chan struct{}),
		onlookers: []*onlooker{
			newOnlooker((*onlooker).get, (*onlooker).list, (*onlooker).refused, (*onlooker).history),
			newOnlooker((*onlooker).beside),
		},
		disk: powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir(), Lies: m.lies}),
	}
	for i := range callers {
		st.callers = append(st.callers, &caller{name: fmt.Sprintf("c%d", i), r: rand.New(rand.NewPCG(s, uint64(i)))})
	}
	for _, id := range []string{"c0-0", wallID} {
		st.spectators = append(st.spectators, &spectator{id: id, shown: map[int64]string{}})
	}
	st.fault = powerfail.PowerOff
	if s%2 == 0 {
		st.fault = powerfail.IOErrOnce + powerfail.Fault(s/2)%(powerfail.NumFaults-powerfail.IOErrOnce)
	}
	st.trouble, st.end = 1+st.r.IntN(5), 1+st.r.IntN(200)
	return st
}

// live lets all call and look until the power fails, or they are done.
func (st *storm) live() (err error) {
	if st.house, err = open(st.disk, st.mutant); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(st.t.Context(), patience)
	defer stop()
	if _, err := st.house.do(ctx, task.Create{ID: wallID}, ""); err != nil {
		return err
	}
	st.disk.Fail(st.fault, 1+st.r.IntN(300))
	errs := make(chan error, len(st.callers)+len(st.onlookers))
	var working, looking sync.WaitGroup
	for _, s := range st.spectators {
		looking.Go(func() { s.run(ctx, st.house) })
	}
	for _, o := range st.onlookers {
		looking.Go(func() { errs <- o.run(ctx, st) })
	}
	for _, c := range st.callers {
		working.Go(func() { errs <- c.run(ctx, st, calls) })
	}
	working.Wait()
	late := ctx.Err()
	stop()
	looking.Wait()
	st.house.close()
	for range cap(errs) {
		err = errors.Join(err, <-errs)
	}
	if err == nil && late != nil {
		err = loss("calls went on for %s", patience)
	}
	return err
}

// settle makes a call until its outcome is known, and returns errDark if the
// power fails before.
func (st *storm) settle(ctx context.Context, c call) (outcome, error) {
	for {
		out, err := st.house.do(ctx, c.cmd, c.key)
		if err == nil || ctx.Err() == nil && !unsettled(err) {
			return out, err
		}
		st.notice()
		if !st.pause(ctx) {
			return out, errDark
		}
	}
}

// notice is told of a call that failed. In time the disk is mended; then, later,
// the power fails.
func (st *storm) notice() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.hit == "" {
		st.hit = st.disk.Hit()
	}
	if st.trouble--; st.trouble == 0 && st.fault != powerfail.PowerOff {
		st.disk.Fail(powerfail.PowerOff, st.end)
		close(st.mended)
	}
}

// lacksRoom reports whether nothing is wrong with the disk but that it is full,
// so that reads must work.
func (st *storm) lacksRoom() bool {
	select {
	case <-st.mended:
		return false
	default:
		return st.fault == powerfail.NoSpace
	}
}

// faulty reports whether an operation of the disk has failed.
func (st *storm) faulty() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.hit != "" || st.disk.Hit() != ""
}

// pause waits a moment before a call is made again; false if that is of no use.
func (st *storm) pause(ctx context.Context) bool {
	if st.disk.Dead() {
		return false
	}
	select {
	case <-time.After(time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

// book returns a copy of what the callers know.
func (st *storm) book() (map[string]*page, *wall) {
	pages := map[string]*page{}
	for _, c := range st.callers {
		for _, p := range c.pages {
			pages[p.id] = p.clone()
		}
	}
	return pages, st.wall.clone()
}
