package ws_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// strict says what is wrong with the sequences that one watcher saw, which must
// be all from first to last, each once and in order.
func strict(seen []int64, first, last int64) error {
	for i, s := range seen {
		if want := first + int64(i); s != want {
			return fmt.Errorf("message %d is of event %d, want %d", i, s, want)
		}
	}
	if n := last - first + 1; int64(len(seen)) != n {
		return fmt.Errorf("%d events were seen, want %d", len(seen), n)
	}
	return nil
}

// A watcher opens sockets of one task, cuts them and goes on.
type watcher struct {
	h      *house
	r      *rand.Rand
	cursor string
	seen   []int64
}

// watch reads a random number of messages of one socket, and reports whether the
// task has ended.
func (w *watcher) watch(id string) (ended bool, err error) {
	query := ""
	if w.cursor != "" {
		query = "cursor=" + w.cursor
	}
	p, _, err := w.h.try(id, query, nil)
	if err != nil {
		return false, err
	}
	defer p.CloseNow()
	for range 1 + w.r.IntN(80) {
		text, err := p.read()
		if err != nil {
			return false, err
		}
		m := decode(w.h.t, text)
		switch m.Type {
		case "reset", "removed", "snapshot":
			return false, errors.New("told " + text)
		}
		w.seen, w.cursor = append(w.seen, m.Sequence), m.Cursor
		if m.Type == "complete" {
			return true, nil
		}
	}
	return false, nil
}

// A burst of updates, watchers from before the creation on, cut at random: each
// sees every event once.
func TestEachEventOnceThroughCuts(t *testing.T) {
	t.Parallel()
	const watchers, updates = 8, 500
	seed := rand.Uint64()
	h := start(t, rpctest.Config{}, nil)
	all := make([]*watcher, watchers)
	first := make([]*peer, watchers)
	for i := range all {
		all[i] = &watcher{h: h, r: rand.New(rand.NewPCG(seed, uint64(i)))}
		first[i] = h.dial("t", "") // so that the creation is not missed
	}
	var running sync.WaitGroup
	for i, w := range all {
		running.Go(func() {
			m, err := first[i].read()
			if err != nil {
				t.Error(err)
				return
			}
			_ = first[i].CloseNow()
			created := decode(t, m)
			w.seen, w.cursor = []int64{created.Sequence}, created.Cursor
			for ended := false; !ended; {
				if ended, err = w.watch("t"); err != nil {
					t.Errorf("watcher %d, seed %d: %v", i, seed, err)
					return
				}
			}
		})
	}
	h.create("t")
	for i := range int32(updates) {
		h.report("t", i%100)
	}
	if _, err := h.Complete(t.Context(), &taskv1.CompleteRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	for i, w := range all {
		if err := strict(w.seen, 1, updates+2); err != nil {
			t.Errorf("watcher %d, seed %d: %v", i, seed, err)
		}
	}
}

// The check above must be able to fail: a message dropped, told twice, or out of
// order, and a client that comes back without its cursor.
func TestHolesAndDuplicatesAreNoticed(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string][]int64{
		"dropped": {1, 2, 4, 5}, "twice": {1, 2, 2, 3, 4, 5}, "out of order": {1, 3, 2, 4, 5}, "the last one missing": {1, 2, 3, 4},
		"the first one missing": {2, 3, 4, 5},
	} {
		if strict(seen, 1, 5) == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
	h := start(t, rpctest.Config{}, nil)
	for _, keep := range []bool{true, false} {
		id := fmt.Sprint(keep)
		p := h.dial(id, "")
		h.create(id)
		seen := []int64{p.receive().Sequence}
		h.report(id, 1)
		m := p.receive()
		seen = append(seen, m.Sequence)
		_ = p.CloseNow()
		h.report(id, 2)
		query := ""
		if keep {
			query = "cursor=" + m.Cursor
		}
		p = h.dial(id, query)
		h.report(id, 3)
		for len(seen) == 0 || seen[len(seen)-1] != 4 {
			seen = append(seen, p.receive().Sequence)
		}
		if err := strict(seen, 1, 4); (err == nil) != keep {
			t.Errorf("cursor kept: %v, seen %v: %v", keep, seen, err)
		}
	}
}

// What is said of the house's own state must not come from a stale one: a
// message shows the task as of its event, also when it is read from history.
func TestMessagesShowTheTaskAsOfTheirEvent(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	p := h.dial("t", "")
	h.report("t", 1)
	cursor := p.expect("progress", 2).Cursor
	_ = p.CloseNow()
	for i := int32(2); i <= 90; i++ {
		h.report("t", i)
	}
	if _, err := h.Fail(context.Background(), &taskv1.FailRequest{TaskId: "t", Error: "x"}); err != nil {
		t.Fatal(err)
	}
	p = h.dial("t", "cursor="+cursor)
	for i := 2; i <= 90; i++ {
		if m := p.expect("progress", int64(i+1)); m.Task.Progress != i || m.Task.Status != "in-progress" || !strings.Contains(m.text, `"failedAt":null`) {
			t.Fatalf("event %d shows %s", i+1, m.text)
		}
	}
	if m := p.expect("fail", 92); m.Task.Status != "failed" {
		t.Errorf("the end shows %s", m.text)
	}
}
