package kill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A Storm is a load on a server that is killed again and again.
type Storm struct {
	Binary string // required
	Dir    string // required: an empty data directory
	Cycles int    // required: how often to kill
	Seed   uint64
	Once   bool // callers do not repeat what was answered

	random  *rand.Rand
	config  server.Config
	process *server.Process
	client  *wire.Client
	book    *Book
	phase   sync.RWMutex // held for writing while the server is down or being read

	seen      map[string]*Sight // :: task id -> as it was when it was last read
	followers []*follower
	report    Report
}

// A Report says what a storm went through.
type Report struct {
	Kills, Answers, Tasks, Events, Watched int
}

func (r Report) String() string {
	return fmt.Sprintf("%d kills, %d answers, %d tasks with %d events, %d messages watched", r.Kills, r.Answers, r.Tasks, r.Events, r.Watched)
}

const (
	workers       = 6
	maxBurst      = 200 // answers between two kills
	wholeEvery    = 10  // kills after which every task is read, not only those that were called
	adminKey      = "storm-admin-key"
	recoverWithin = 30 * time.Second
)

// ErrBroken means that the server broke a promise.
var ErrBroken = errors.New("kill: a promise is broken")

// Run goes through the storm. It returns ErrBroken with all that does not fit as
// soon as something does not.
func (s *Storm) Run(ctx context.Context) (Report, error) {
	if err := s.begin(ctx); err != nil {
		return s.report, err
	}
	defer func() { _ = s.process.Kill() }() // gone already after a good run
	ctx, calm := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer calm()
	working, rest := context.WithCancel(ctx)
	callers := s.send(working, &all)
	s.watch(ctx, &all)
	for range s.Cycles {
		if err := s.strike(ctx); err != nil {
			rest()
			return s.report, err
		}
	}
	rest()
	callers.Wait()
	return s.report, s.end(ctx)
}

func (s *Storm) begin(ctx context.Context) error {
	s.random = rand.New(rand.NewPCG(s.Seed, 1))
	s.book = NewBook()
	addr, err := server.FreeAddr()
	if err != nil {
		return err
	}
	s.config = server.Config{Binary: s.Binary, Dir: s.Dir, Addr: addr, Key: adminKey}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	s.client = &wire.Client{URL: "http://" + addr, Key: adminKey, HTTP: &http.Client{Transport: transport}}
	if s.process, err = server.Start(ctx, s.config); err != nil {
		return err
	}
	s.caller("begin").begin(ctx)
	return nil
}

func (s *Storm) caller(name string) *caller {
	return &caller{
		client: s.client, book: s.book, phase: &s.phase, name: name, once: s.Once,
		random: rand.New(rand.NewPCG(s.random.Uint64(), 2)),
	}
}

// send starts the callers; the group it returns is that of the callers alone.
func (s *Storm) send(ctx context.Context, all *sync.WaitGroup) *sync.WaitGroup {
	var callers sync.WaitGroup
	start := func(f func(context.Context)) {
		all.Add(1)
		callers.Go(func() {
			defer all.Done()
			f(ctx)
		})
	}
	for n := range workers {
		start(s.caller(fmt.Sprintf("w%d", n)).work)
	}
	start(s.caller("churner").churn)
	return &callers
}

func (s *Storm) watch(ctx context.Context, all *sync.WaitGroup) {
	add := func(task string, steady bool) {
		random := rand.New(rand.NewPCG(s.random.Uint64(), 3))
		f := newFollower(s.client, &s.phase, random, task, steady)
		s.followers = append(s.followers, f)
		all.Go(func() { f.run(ctx) })
	}
	for n := range sharedTasks {
		add(sharedTask(n), true)
		add(sharedTask(n), true)
	}
	add(churnTask, false)
	add(churnTask, false)
}

// strike lets the load run for a while, kills the server, starts it again and
// checks everything.
func (s *Storm) strike(ctx context.Context) error {
	select {
	case <-s.book.After(1 + s.random.IntN(maxBurst)):
	case <-s.process.Exited():
		return fmt.Errorf("%w: the server died by itself\n%s", ErrBroken, s.process.Log())
	case <-time.After(recoverWithin):
		return fmt.Errorf("%w: no answers for %s\n%s", ErrBroken, recoverWithin, s.process.Log())
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.process.Kill(); err != nil {
		return err
	}
	s.report.Kills++
	s.phase.Lock()
	defer s.phase.Unlock()
	s.client.HTTP.CloseIdleConnections()
	if err := s.restart(ctx); err != nil {
		return err
	}
	return s.check(ctx, s.report.Kills%wholeEvery == 0)
}

// restart starts the server again; one time in three it is killed once more while
// it recovers.
func (s *Storm) restart(ctx context.Context) (err error) {
	if s.random.IntN(3) == 0 {
		if s.process, err = server.Launch(s.config); err != nil {
			return err
		}
		select {
		case <-time.After(time.Duration(s.random.IntN(60)) * time.Millisecond): // the moment of the blow
		case <-s.process.Exited():
			return fmt.Errorf("%w: the server did not start\n%s", ErrBroken, s.process.Log())
		}
		if err := s.process.Kill(); err != nil {
			return err
		}
		s.report.Kills++
	}
	ctx, cancel := context.WithTimeout(ctx, recoverWithin)
	defer cancel()
	if s.process, err = server.Start(ctx, s.config); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return nil
}

// check reads, while nobody writes, what was called since it was read last, or
// everything. Of the rest the list must say what it was.
func (s *Storm) check(ctx context.Context, whole bool) error {
	pages := s.book.Pages()
	for id := range s.book.Called() {
		delete(s.seen, id)
	}
	if whole {
		s.seen = nil
	}
	o, err := Observe(ctx, s.client, slices.Collect(maps.Keys(pages)), s.seen)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	s.seen = o.Tasks
	faults := append(Check(pages, o), s.book.Faults()...)
	for _, f := range s.followers {
		if err := f.check(o.Tasks[f.task].History); err != nil {
			faults = append(faults, err.Error())
		}
	}
	s.count(o)
	if len(faults) > 0 {
		return fmt.Errorf("%w: %d faults:\n%s", ErrBroken, len(faults), strings.Join(faults[:min(len(faults), 30)], "\n"))
	}
	return nil
}

func (s *Storm) count(o Observation) {
	s.report.Answers, s.report.Tasks, s.report.Events, s.report.Watched = s.book.Acks(), len(o.Tasks), 0, 0
	for _, sight := range o.Tasks {
		s.report.Events += len(sight.History)
	}
	for _, f := range s.followers {
		f.mu.Lock()
		s.report.Watched += len(f.tracker.Seen)
		f.mu.Unlock()
	}
}

// end waits until each follower has seen everything, checks once more, and stops
// the server in peace.
func (s *Storm) end(ctx context.Context) error {
	late, cancel := context.WithTimeout(ctx, recoverWithin)
	defer cancel()
	for _, f := range s.followers {
		if !f.steady {
			continue
		}
		var got wire.Answer
		if _, err := s.client.Call(ctx, "GetById", "", map[string]any{"taskId": f.task}, &got); err != nil {
			return err
		}
		if err := f.wait(late, got.Task.Sequence); err != nil {
			return fmt.Errorf("%w: %w", ErrBroken, err)
		}
	}
	s.phase.Lock()
	defer s.phase.Unlock()
	if err := s.check(ctx, true); err != nil {
		return err
	}
	return s.process.Stop()
}
