package linear

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

const (
	callers = 6
	tasks   = 4  // that all of them use: fewer take porcupine too long
	burst   = 80 // answers between two kills

	adminKey      = "linear-admin-key"
	recoverWithin = 30 * time.Second
)

// A load is callers on a server that is killed under them.
type load struct {
	seed    uint64
	config  server.Config
	process *server.Process
	client  *wire.Client
	start   time.Time

	up       sync.RWMutex // held for writing while the server is down
	answered atomic.Int64
	reached  chan struct{} // gets one for each burst of answers

	mu      sync.Mutex
	history []porcupine.Operation
	told    [tasks]int64 // the last sequence that a caller was told
}

// record runs a load on a binary, in an empty directory, kills it so often, and
// returns what was called and answered.
func record(ctx context.Context, binary, dir string, kills int, seed uint64) ([]porcupine.Operation, error) {
	addr, err := server.FreeAddr()
	if err != nil {
		return nil, err
	}
	l := &load{
		seed: seed, config: server.Config{Binary: binary, Dir: dir, Addr: addr, Key: adminKey},
		client:  &wire.Client{URL: "http://" + addr, Key: adminKey, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}},
		start:   time.Now(),
		reached: make(chan struct{}, callers),
	}
	if l.process, err = server.Start(ctx, l.config); err != nil {
		return nil, err
	}
	defer func() { _ = l.process.Kill() }()
	random := rand.New(rand.NewPCG(seed, callers))
	working, rest := context.WithCancel(ctx)
	defer rest()
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() { l.call(working, ctx, n) })
	}
	for n := range kills + 1 {
		select {
		case <-l.reached:
		case <-time.After(recoverWithin):
			err = fmt.Errorf("linear: no answers for %s\n%s", recoverWithin, l.process.Log())
		}
		if err == nil && n < kills {
			err = l.restart(ctx, time.Duration(random.IntN(20))*time.Millisecond)
		}
		if err != nil {
			break
		}
	}
	rest()
	all.Wait()
	return l.history, err
}

// restart kills the server and starts it again.
func (l *load) restart(ctx context.Context, blow time.Duration) (err error) {
	select {
	case <-time.After(blow): // the moment of the blow
	case <-l.process.Exited():
		return fmt.Errorf("linear: the server died by itself\n%s", l.process.Log())
	}
	if err := l.process.Kill(); err != nil {
		return err
	}
	l.up.Lock() // when every call has got its answer, or none
	defer l.up.Unlock()
	l.client.HTTP.CloseIdleConnections()
	l.process, err = server.Start(ctx, l.config)
	now := int64(time.Since(l.start))
	for i := range l.history { // what died with the server happens no more
		l.history[i].Return = min(l.history[i].Return, now)
	}
	return err
}

// call makes calls until working ends; one that has begun is not given up then.
// A caller that was told nothing goes on as another.
func (l *load) call(working, ctx context.Context, n int) {
	r := rand.New(rand.NewPCG(l.seed, uint64(n)))
	for client := n; working.Err() == nil; {
		in := l.choose(r)
		l.up.RLock()
		from := time.Since(l.start)
		out := l.make(ctx, in)
		if l.note(client, in, out, from, time.Since(l.start)) {
			client += callers
		}
		l.up.RUnlock()
	}
}

// choose returns a call, mostly one that is accepted.
func (l *load) choose(r *rand.Rand) input {
	of := r.IntN(tasks)
	in := input{task: fmt.Sprintf("t%d", of), percent: r.IntN(101)}
	in.verb = []verb{get, get, get, get, get, note, note, progress, progress, progress, create, create, remove, complete, fail}[r.IntN(15)]
	if in.verb != create && in.verb != get && r.IntN(4) == 0 {
		l.mu.Lock()
		in.expected = l.told[of]
		l.mu.Unlock()
	}
	if in.verb != progress {
		in.percent = 0
	}
	return in
}

func (l *load) make(ctx context.Context, in input) output {
	fields := map[string]any{"taskId": in.task}
	switch in.verb {
	case progress:
		fields["progress"] = in.percent
	case note:
		fields["event"] = map[string]any{"message": "note"}
	case fail:
		fields["error"] = "as planned"
	}
	if in.expected > 0 {
		fields["expectedSequence"] = fmt.Sprint(in.expected)
	}
	var got wire.Answer
	_, err := l.client.Call(ctx, string(in.verb), "", fields, &got)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return output{unsent: true}
	}
	if wire.Unsettled(err) {
		return output{unknown: true}
	}
	if err != nil {
		return output{code: wire.Code(err)}
	}
	return output{task: state{strings.TrimPrefix(got.Task.Status, "TASK_STATUS_"), got.Task.Progress, got.Task.Sequence}}
}

// note records a call and reports whether nothing is known of it. A read that told
// nothing did nothing.
func (l *load) note(client int, in input, out output, from, to time.Duration) (unknown bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(from), Return: int64(to)}
	if out.unknown {
		o.Return = math.MaxInt64
	}
	if out.unsent {
		return false
	}
	if !out.unknown || in.verb != get {
		l.history = append(l.history, o)
	}
	if out.unknown {
		return true
	}
	if out.task.sequence > 0 {
		l.told[int(in.task[1]-'0')] = out.task.sequence
	}
	if l.answered.Add(1)%burst == 0 {
		l.reached <- struct{}{}
	}
	return false
}
