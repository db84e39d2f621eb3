package store

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/test/soak"
)

var (
	crashes = flag.Int("crashes", 400, "power cuts of each case of the power tests")
	seed    = flag.Uint64("seed", 1, "where the random choices of the power tests begin")
)

// A world is what outlives a power cut: the disk, and a journal that is perfect.
// It keeps what it says it keeps, and knows which objects there are.
type world struct {
	t       testing.TB
	r       *rand.Rand
	mutant  mutant
	made    *taskStore // what the stores of all processes are copies of
	disk    *powerfail.Disk
	objects []*kept
	watched []*watched // of all processes
	count   *powerfail.Count
}

// close frees what was registered for the world.
func (w *world) close() {
	for _, v := range w.watched {
		v.close()
	}
	w.watched = nil
	w.disk.Close()
}

// kept is what the journal knows of an object.
type kept struct {
	*life
	committed int  // events that are in the journal or were forgotten
	forgotten int  // events that only the file has
	lost      int  // of them, those that went with a damaged file
	deleted   bool // the tombstone is committed
	unlinked  bool // the store said that the file is gone
}

const objectsDir = "/data/objects"

func newWorld(t testing.TB, made *taskStore, s uint64, m mutant, c *powerfail.Count) *world {
	return &world{
		t: t, made: made, mutant: m, count: c, r: rand.New(rand.NewPCG(s, 77)),
		disk: powerfail.New(powerfail.Config{Dirs: []string{"/data"}, Lies: m.lies}),
	}
}

// create adds an object that only the journal knows yet.
func (w *world) create() *kept {
	n := int64(len(w.objects))
	k := &kept{life: newLife(w.t, n/2+n%2*4096+1, 0)} // in two directories
	w.objects = append(w.objects, k)
	w.commit(k)
	return k
}

// commit adds events to an object.
func (w *world) commit(k *kept) {
	for range 1 + w.r.IntN(5) {
		k.step(w.t, w.r)
		k.committed++
	}
}

// A process is one life of the program: it ends with a kill or a power cut.
type process struct {
	*world
	store *taskStore
	home  map[int64]bool // generations whose file this process made durable
}

// start begins a process. All share their workbenches, which outlive none of
// what is on a disk.
func (w *world) start() *process {
	s := *w.made
	watched, err := newWatched(w.disk.VFS())
	if err != nil {
		w.t.Fatal(err)
	}
	w.watched = append(w.watched, watched)
	s.watched = watched
	s.disk = w.mutant.on(w.disk)
	s.dirs = newDirectories(s.disk, "/data")
	s.dirs.naive = w.mutant.naive
	s.begun = &begun{}
	if w.mutant.trustsBegun {
		s.begun.add(1) // whoever began it
	}
	if w.mutant.journalMode != "" {
		s.journalMode = w.mutant.journalMode
	}
	return &process{w, &s, map[int64]bool{}}
}

// run does n random things. It stops when the disk is dead.
func (p *process) run(n int) {
	p.removeDeleted()
	for range n {
		if p.disk.Dead() {
			return
		}
		switch p.r.IntN(10) {
		case 0:
			p.read()
		case 1:
			p.delete()
		default:
			p.writeSome()
		}
	}
}

func (p *process) writeSome() {
	var some []*kept
	for _, k := range p.objects {
		if !k.deleted && p.r.IntN(3) == 0 {
			if k.committed < 60 && p.r.IntN(4) > 0 {
				p.commit(k)
			}
			some = append(some, k)
		}
	}
	if len(p.objects) < 8 && p.r.IntN(2) == 0 {
		some = append(some, p.create())
	}
	p.write(some, p.r.IntN(4) > 0)
}

// write takes objects home, and the journal forgets what is there, if it comes
// to that.
func (p *process) write(some []*kept, forget bool) (failed error) {
	var way []*kept
	var work []taskHomecoming
	for _, k := range some {
		if k.forgotten == k.committed {
			continue
		}
		first := k.forgotten == 0 && !p.home[k.generation]
		if p.mutant.trustsFiles && first {
			exists, err := p.store.disk.Exists(p.store.Path(k.generation))
			first = err == nil && !exists
		}
		if p.mutant.firstAgain && k.forgotten == 0 && p.home[k.generation] {
			first, k.forgotten = true, k.committed // the forget is committed meanwhile
		}
		w := k.home(first, k.forgotten, k.committed)
		if p.mutant.firstAgain && first {
			w = k.home(first, 0, k.committed)
		}
		if p.mutant.forgetsEarly {
			k.forgotten = k.committed
		}
		way, work = append(way, k), append(work, w)
	}
	for i, err := range p.mutant.write(p.store, work) {
		if err != nil {
			failed = err
			continue
		}
		k := way[i]
		p.home[k.generation] = true
		if forget {
			k.forgotten = k.committed
		}
	}
	return failed
}

func (p *process) delete() {
	for _, k := range p.objects {
		if !k.deleted && p.r.IntN(4) == 0 {
			k.deleted = true
		}
	}
	p.removeDeleted()
}

func (p *process) removeDeleted() {
	var gone []int64
	for _, k := range p.objects {
		if k.deleted && !k.unlinked {
			gone = append(gone, k.generation)
		}
	}
	if len(gone) == 0 || p.store.Remove(p.t.Context(), gone) != nil {
		return
	}
	for _, k := range p.objects {
		k.unlinked = k.deleted
	}
}

func (p *process) read() {
	for _, k := range p.objects {
		if !k.deleted && (k.forgotten > 0 || p.home[k.generation]) {
			_, _ = p.store.History(p.t.Context(), k.generation, all)
		}
	}
}

// A loss is a broken promise. Damaged files are losses too.
type loss struct {
	text  string
	cause error // may be nil
}

func (l loss) Error() string { return l.text }
func (l loss) Unwrap() error { return l.cause }

// verify sees that everything the journal forgot is in the files, and nothing
// that was removed; then it takes everything home, as a start does, and sees
// that all of it is there.
func (p *process) verify() error {
	for _, k := range p.objects {
		if err := p.promise(k); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) promise(k *kept) error {
	if exists, _ := p.disk.Exists(p.store.Path(k.generation)); k.unlinked && exists {
		return loss{fmt.Sprintf("generation %d came back", k.generation), nil}
	}
	if k.deleted || k.forgotten == k.lost {
		return nil
	}
	got, err := p.store.History(p.t.Context(), k.generation, all)
	if err != nil {
		return p.excuse(loss{fmt.Sprintf("generation %d, of which the journal forgot %d events: %v", k.generation, k.forgotten, err), err})
	}
	if n := k.lost + len(got); n < k.forgotten || n > k.committed {
		return loss{fmt.Sprintf("generation %d has %d events of %d, the journal forgot %d", k.generation, len(got), k.committed, k.forgotten), nil}
	}
	for i := range got {
		if got[i].Hash != k.records[k.lost+i].Hash {
			return loss{fmt.Sprintf("generation %d: event %d is another", k.generation, k.lost+i+1), nil}
		}
	}
	return nil
}

// excuse forgives what fails because the power is off.
func (p *process) excuse(err error) error {
	if p.disk.Dead() {
		return nil
	}
	return err
}

// recover takes everything home.
func (p *process) recover() error {
	p.removeDeleted()
	var alive []*kept
	for _, k := range p.objects {
		if !k.deleted {
			alive = append(alive, k)
		}
	}
	if err := p.write(alive, true); err != nil {
		return p.excuse(loss{fmt.Sprintf("recovery: %v", err), err})
	}
	return nil
}

// cut lets the power fail and sees what is left. One time in three it fails
// again while the program recovers.
func (w *world) cut(m powerfail.Mode) error {
	after := *w
	after.disk = w.disk.Crash(m, w.r)
	after.objects, after.watched = nil, nil
	for _, k := range w.objects {
		c := *k
		after.objects = append(after.objects, &c)
	}
	defer func() { after.close() }()
	again := w.r.IntN(3) == 0
	w.count.Crash(again)
	if again {
		after.disk.Fail(powerfail.PowerOff, 1+w.r.IntN(25))
		p := after.start()
		if err := p.recover(); err != nil {
			return err
		}
		left := after.disk.Crash(powerfail.Mode(w.r.IntN(int(powerfail.NumModes))), w.r)
		after.close()
		after.disk = left
	}
	p := after.start()
	for _, step := range []func() error{p.verify, p.recover, p.verify} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// history runs a world through up to three lives, each but the last ended by a
// kill, meeting one fault, and cuts the power in each mode. It returns the first
// broken promise.
func history(t testing.TB, made *taskStore, s uint64, m mutant, c *powerfail.Count) error {
	w := newWorld(t, made, s, m, c)
	defer w.close()
	for range w.r.IntN(3) {
		w.disk.Fail(powerfail.PowerOff, 1+w.r.IntN(150))
		w.start().run(3 + w.r.IntN(8))
		w.disk.Restart()
	}
	fault := powerfail.Fault(1 + w.r.IntN(int(powerfail.NumFaults)-1))
	w.disk.Fail(fault, 1+w.r.IntN(200))
	p := w.start()
	p.run(3 + w.r.IntN(10))
	if fault == powerfail.NoSpace || fault == powerfail.NoDescriptors {
		w.disk.Fail(powerfail.NoFault, 0)
		p.run(3)
	}
	for mode := range powerfail.NumModes {
		if err := w.cut(mode); err != nil {
			return fmt.Errorf("seed %d, fault %v (%s), %v: %w", s, fault, w.disk.Hit(), mode, err)
		}
	}
	return nil
}

// What a program does with one object, from a state that is durable.
var actions = map[string]struct {
	before func(*process, *kept) error // nothing fails here
	do     func(*process, *kept) error
}{
	"create in a new directory": {
		before: func(*process, *kept) error { return nil },
		do:     takeHome,
	},
	"create beside another": {
		before: func(p *process, _ *kept) error { return takeHome(p, p.create()) },
		do:     takeHome,
	},
	"create over an untrusted file": {
		before: func(p *process, k *kept) error {
			err := takeHome(p, k)
			p.disk.Fail(powerfail.PowerOff, 18) // with the journal written
			if more(p, k) == nil {
				return errors.New("nothing failed")
			}
			k.forgotten = 0
			return err
		},
		do: takeHome,
	},
	"create over a change that was cut": {
		before: func(p *process, k *kept) error {
			err := p.write([]*kept{k}, false)
			p.commit(k)
			// Cut before the journal is emptied: it would undo the change.
			for n := 1; err == nil; n++ {
				if n == 100 {
					return errors.New("the journal is never emptied")
				}
				cut := p.disk.Crash(powerfail.KeepAll, p.r)
				cut.Fail(powerfail.PowerOff, n)
				w := *p.world
				w.disk, w.watched = cut, nil
				defer w.close()
				q := w.start()
				q.home[k.generation] = true
				if q.write([]*kept{k}, false); strings.HasPrefix(cut.Hit(), "truncate") {
					p.disk.Fail(powerfail.PowerOff, n)
					_ = p.write([]*kept{k}, false)
					p.disk.Restart()
					return nil
				}
			}
			return err
		},
		do: takeHome,
	},
	"change": {before: takeHome, do: more},
	"change again": {
		before: func(p *process, k *kept) error { return errors.Join(takeHome(p, k), more(p, k)) },
		do:     more,
	},
	"begin anew what is damaged": {
		before: func(p *process, k *kept) error {
			err := errors.Join(takeHome(p, k), more(p, k))
			k.lost = k.forgotten
			p.commit(k)
			return errors.Join(err, p.disk.Damage(p.store.Path(k.generation), 8*40))
		},
		do: more,
	},
	"remove": {
		before: func(p *process, k *kept) error { return errors.Join(takeHome(p, k), more(p, k)) },
		do: func(p *process, k *kept) error {
			k.deleted = true
			p.removeDeleted()
			if !k.unlinked {
				return errors.New("not removed")
			}
			return nil
		},
	},
}

func takeHome(p *process, k *kept) error { return p.write([]*kept{k}, true) }

// more adds an event and takes it home; if it was added before, only that.
func more(p *process, k *kept) error {
	if k.committed == k.forgotten {
		p.commit(k)
	}
	return takeHome(p, k)
}

// everyOperation lets each operation of an action fail in turn, in each way, and
// tries the action again until it succeeds, in the same process or in the next.
// Then it cuts the power, now or in the middle of one more change. It stops at
// the first broken promise.
func everyOperation(t testing.TB, made *taskStore, m mutant, c *powerfail.Count) error {
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		if m.shownBy != "" && m.shownBy != name {
			continue
		}
		for fault := powerfail.PowerOff; fault < powerfail.NumFaults; fault++ {
			for _, restart := range []bool{false, true} {
				for nth, hit := 1, true; hit && nth < 100; nth++ {
					w := newWorld(t, made, 1, m, c)
					var err error
					hit, err = oneOperation(w, name, fault, nth, restart)
					w.close()
					if err != nil {
						return fmt.Errorf("%s, %v at operation %d, restart %v: %w", name, fault, nth, restart, err)
					}
				}
			}
		}
	}
	return nil
}

func oneOperation(w *world, name string, fault powerfail.Fault, nth int, restart bool) (hit bool, err error) {
	if fault == powerfail.PowerOff && !restart {
		return false, nil // it is dead
	}
	action := actions[name]
	p := w.start()
	k := w.create()
	if err := action.before(p, k); err != nil {
		w.t.Fatalf("%s: without a fault: %v", name, err)
	}
	if k.forgotten == 0 && w.mutant.journalMode == "" {
		w.disk.Restart()
		p = w.start() // an untrusted file is another process's
	}
	w.disk.Fail(fault, nth)
	failed := action.do(p, k)
	hit = w.disk.Hit() != ""
	if restart && w.disk.LostNames() {
		return hit, nil // the next process cannot know; only the system's log does
	}
	if restart {
		w.disk.Restart()
		p = w.start()
	} else {
		w.disk.Fail(powerfail.NoFault, 0)
	}
	for try := 0; failed != nil; try++ {
		if failed = action.do(p, k); failed != nil && try == 3 {
			return hit, loss{fmt.Sprintf("it never succeeds: %v", failed), failed}
		}
	}
	for _, mode := range []powerfail.Mode{powerfail.DropAll, powerfail.RandomTorn} {
		if err := w.cut(mode); err != nil {
			return hit, fmt.Errorf("%v: %w", mode, err)
		}
	}
	if k.deleted {
		return hit, nil
	}
	w.disk.Fail(powerfail.PowerOff, 4+w.r.IntN(6)) // in the middle
	_ = more(p, k)
	for _, mode := range []powerfail.Mode{powerfail.PrefixTorn, powerfail.RandomTrash} {
		if err := w.cut(mode); err != nil {
			return hit, fmt.Errorf("power off in the next change, %v: %w", mode, err)
		}
	}
	return hit, nil
}

// A power cut may leave garbage where the header of a file was being written. The
// journal has it; until it is rolled back the file does not even say how long its
// pages are.
func TestATornHeaderIsRolledBack(t *testing.T) {
	made := openStore(t, objectsDir, nil, "")
	for n := 1; n < 100; n++ {
		w := newWorld(t, made, 1, mutant{}, new(powerfail.Count))
		defer w.close()
		p, k := w.start(), w.create()
		for range 8 { // so that it is longer than the page that SQLite takes it to have
			p.commit(k)
		}
		if err := takeHome(p, k); err != nil {
			t.Fatal(err)
		}
		path := p.store.Path(k.generation)
		w.disk.Fail(powerfail.PowerOff, n)
		if more(p, k) == nil {
			t.Fatal("the file was never changed without being synced")
		}
		if w.disk.Hit() != "write "+path {
			continue
		}
		after := *w
		after.disk, after.watched = w.disk.Crash(powerfail.KeepAll, w.r), nil
		defer after.close()
		if err := after.disk.Damage(path, 8*16); err != nil { // of the length of a page
			t.Fatal(err)
		}
		if err := after.start().promise(k); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("no operation writes the file while its journal is hot")
}

// A directory that was made anew, because its name was in doubt, stands in the
// place of one that may come back with all it held.
func TestWhatWasRemovedStaysGoneWithItsDirectory(t *testing.T) {
	w := newWorld(t, openStore(t, objectsDir, nil, ""), 1, mutant{}, new(powerfail.Count))
	defer w.close()
	k, elsewhere, beside := w.create(), w.create(), w.create()
	if err := takeHome(w.start(), k); err != nil {
		t.Fatal(err)
	}
	w.disk.Restart()
	p := w.start()
	if err := takeHome(p, elsewhere); err != nil { // the directories above are durable
		t.Fatal(err)
	}
	w.disk.Fail(powerfail.NoDescriptors, 1)
	k.deleted = true
	p.removeDeleted()
	for range 2 {
		if takeHome(p, beside) == nil {
			t.Fatal("the name of the directory is not in doubt")
		}
	}
	w.disk.Fail(powerfail.NoFault, 0)
	if p.removeDeleted(); !k.unlinked {
		t.Fatal("not removed")
	}
	if err := w.cut(powerfail.DropAll); err != nil {
		t.Error(err)
	}
}

func TestAnyOperationMayFail(t *testing.T) {
	var c powerfail.Count
	err := everyOperation(t, openStore(t, objectsDir, nil, ""), mutant{}, &c)
	if err != nil {
		t.Error(err)
	}
	c.Report(t, err, journal.ErrDamaged)
}

func TestNothingIsLostWhenThePowerFails(t *testing.T) {
	var c powerfail.Count
	var err error
	made := openStore(t, objectsDir, nil, "")
	soak.Rounds(t, *seed, func(from uint64) {
		if err = histories(t, made, mutant{}, from, *crashes, &c); err != nil {
			t.Error(err)
		}
	})
	t.Attr("seed", strconv.FormatUint(*seed, 10))
	c.Report(t, err, journal.ErrDamaged)
}

// histories tries seeds from one on until there were so many crashes or one
// broke a promise.
func histories(t testing.TB, made *taskStore, m mutant, from uint64, crashes int, c *powerfail.Count) (err error) {
	for upto := c.Crashes() + crashes; c.Crashes() < upto && err == nil; from++ {
		err = history(t, made, from, m, c)
	}
	return err
}

// Without one of the safeties one of the tests must fail, else they show nothing.
func TestEachSafetyIsNeeded(t *testing.T) {
	caught := 0
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			var c powerfail.Count
			var err error
			made := openStore(t, objectsDir, nil, "")
			if m.shownBy == "" {
				err = histories(t, made, m, *seed, 1000, &c)
			} else {
				err = everyOperation(t, made, m, &c)
			}
			var l loss
			if !errors.As(err, &l) {
				t.Fatalf("%d power cuts do not show that this safety is missing: %v", c.Crashes(), err)
			}
			caught++
			t.Logf("caught after %d power cuts: %v", c.Crashes(), err)
		})
	}
	t.Attr("mutants", strconv.Itoa(len(mutants)))
	t.Attr("caught", strconv.Itoa(caught))
}
