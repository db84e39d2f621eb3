package resume_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/resume"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// A server is a task of which n events exist, and whose streams are cut after a
// few messages.
type server struct {
	n       int64
	life    func() int                // messages until a stream is cut
	damage  func(id int64) int64      // what becomes of an event's number; nil: nothing
	resume  func(cursor string) int64 // where a cursor goes on; nil: where it says
	end     taskv1.EndReason          // how streams end that reach n
	refuses []error                   // what the first opens fail with
	opens   []string                  // the cursors of all opens
	silent  bool                      // streams never say anything
}

func (s *server) open(ctx context.Context, cursor string) (taskStream, error) {
	s.opens = append(s.opens, cursor)
	if len(s.refuses) > 0 {
		err := s.refuses[0]
		s.refuses = s.refuses[1:]
		return nil, err
	}
	st := &stream{server: s, ctx: ctx, left: s.life()}
	if c := cursor; c != "" {
		at, err := strconv.ParseInt(strings.TrimPrefix(c, "c"), 10, 64)
		if err != nil {
			return nil, err
		}
		if s.resume != nil {
			at = s.resume(c)
		}
		st.at, st.began = at, true
	}
	return st, nil
}

type taskStream = resume.Stream[*taskv1.WatchResponse]

type stream struct {
	server *server
	ctx    context.Context
	at     int64
	left   int
	began  bool
	msg    *taskv1.WatchResponse
	err    error
}

func (s *stream) Msg() *taskv1.WatchResponse { return s.msg }
func (s *stream) Err() error                 { return s.err }
func (s *stream) Close() error               { return nil }

func (s *stream) Receive() bool {
	if s.server.silent {
		<-s.ctx.Done()
		s.err = connect.NewError(connect.CodeCanceled, s.ctx.Err())
		return false
	}
	if s.left == 0 {
		s.err = connect.NewError(connect.CodeUnavailable, io.ErrUnexpectedEOF)
		return false
	}
	s.left--
	switch {
	case !s.began:
		s.began = true
		s.at = 3
		s.msg = message(s.at, &taskv1.WatchResponse_Snapshot{Snapshot: &taskv1.Snapshot{Task: &taskv1.Task{Sequence: s.at}}})
	case s.at < s.server.n:
		s.at++
		id := s.at
		if s.server.damage != nil {
			id = s.server.damage(id)
		}
		s.msg = message(s.at, &taskv1.WatchResponse_Event{Event: &taskv1.TaskEvent{Event: &taskv1.Event{Id: id}}})
		s.msg.Sequence = id
	default:
		s.msg = message(s.at, &taskv1.WatchResponse_End{End: &taskv1.End{Reason: s.server.end}})
	}
	return true
}

func message(sequence int64, m any) *taskv1.WatchResponse {
	w := &taskv1.WatchResponse{Cursor: fmt.Sprint("c", sequence), Sequence: sequence}
	switch m := m.(type) {
	case *taskv1.WatchResponse_Snapshot:
		w.Message = m
	case *taskv1.WatchResponse_Event:
		w.Message = m
	case *taskv1.WatchResponse_End:
		w.Message = m
	}
	return w
}

// follow runs a watch of s and returns the numbers of the events it passed on.
func follow(t *testing.T, s *server, change func(*resume.Watch[*taskv1.WatchResponse])) (ids []int64, err error) {
	t.Helper()
	if s.life == nil {
		s.life = func() int { return -1 }
	}
	w := &resume.Watch[*taskv1.WatchResponse]{
		Open: s.open,
		Pause: func(ctx context.Context, n int) error {
			if n > 20 {
				return errors.New("tried 20 times without news")
			}
			return ctx.Err()
		},
	}
	if change != nil {
		change(w)
	}
	err = w.Run(t.Context(), func(m *taskv1.WatchResponse) error {
		if e := m.GetEvent(); e != nil {
			ids = append(ids, e.GetEvent().GetId())
		}
		return nil
	})
	return ids, err
}

func upTo(n int64) (ids []int64) {
	for id := int64(4); id <= n; id++ {
		ids = append(ids, id)
	}
	return ids
}

func TestEachEventComesOnceWhereverTheStreamIsCut(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		n := 4 + r.Int64N(60)
		s := &server{n: n, life: func() int { return r.IntN(6) }, end: taskv1.EndReason_END_REASON_FINISHED}
		ids, err := follow(t, s, func(w *resume.Watch[*taskv1.WatchResponse]) { w.Pause = noPause })
		if err != nil || !slices.Equal(ids, upTo(n)) {
			t.Fatalf("seed %d: got %v, %v, want 4 to %d", seed, ids, err, n)
		}
	}
}

// wrong are servers that resume or send wrongly.
func wrong() map[string]*server {
	servers := map[string]*server{
		"an event is left out":     {damage: func(id int64) int64 { return id + id/7 }},
		"an event comes twice":     {damage: func(id int64) int64 { return min(id, 7) }},
		"events come out of order": {damage: func(id int64) int64 { return id ^ 1 }},
		"a resume goes back":       {life: func() int { return 3 }, resume: func(string) int64 { return 3 }},
	}
	for _, s := range servers {
		s.n, s.end = 20, taskv1.EndReason_END_REASON_FINISHED
	}
	return servers
}

// inOrder reports whether a watch passed on the events from 4 on, each once.
func inOrder(ids []int64) bool { return slices.Equal(ids, upTo(3+int64(len(ids)))) }

func TestAWrongServerIsNoticed(t *testing.T) {
	for name, s := range wrong() {
		t.Run(name, func(t *testing.T) {
			ids, err := follow(t, s, nil)
			if err == nil {
				t.Fatalf("nothing was noticed in %v", ids)
			}
			if !inOrder(ids) {
				t.Fatalf("passed on %v", ids)
			}
		})
	}
}

// The mutants: without the check the same servers get their wrong events
// through, and without the cursor events come twice.
func TestWithoutTheCheckWrongEventsComeThrough(t *testing.T) {
	for name, s := range wrong() {
		t.Run(name, func(t *testing.T) {
			ids, err := follow(t, s, resume.Trust)
			if err != nil && inOrder(ids) {
				t.Errorf("the server does not need a check: %v, %v", ids, err)
			}
			if err == nil && inOrder(ids) {
				t.Errorf("the test notices nothing in %v", ids)
			}
		})
	}
}

func TestWithoutTheCursorEventsComeTwice(t *testing.T) {
	lives := []int{3, -1}
	s := &server{n: 10, end: taskv1.EndReason_END_REASON_FINISHED, life: func() int {
		life := lives[0]
		lives = lives[1:]
		return life
	}}
	ids, err := follow(t, s, func(w *resume.Watch[*taskv1.WatchResponse]) {
		w.Open = func(ctx context.Context, _ string) (taskStream, error) {
			return s.open(ctx, "")
		}
	})
	if err != nil || slices.Equal(ids, upTo(10)) {
		t.Errorf("got %v, %v; the test would not notice a lost cursor", ids, err)
	}
}

// After a reset the numbers begin anew: the data may be older than what was
// shown.
func TestAResetBeginsAnew(t *testing.T) {
	script := []*taskv1.WatchResponse{
		{Cursor: "a.9", Sequence: 9, Message: &taskv1.WatchResponse_Snapshot{Snapshot: &taskv1.Snapshot{}}},
		{Cursor: "a.10", Sequence: 10, Message: &taskv1.WatchResponse_Event{Event: &taskv1.TaskEvent{Event: &taskv1.Event{Id: 10}}}},
		{Cursor: "b.2", Sequence: 2, Message: &taskv1.WatchResponse_Reset_{Reset_: &taskv1.Reset{Reason: taskv1.ResetReason_RESET_REASON_EPOCH_CHANGED}}},
		{Cursor: "b.2", Sequence: 2, Message: &taskv1.WatchResponse_Snapshot{Snapshot: &taskv1.Snapshot{}}},
		{Cursor: "b.3", Sequence: 3, Message: &taskv1.WatchResponse_Event{Event: &taskv1.TaskEvent{Event: &taskv1.Event{Id: 3}}}},
		{Cursor: "b.3", Sequence: 3, Message: &taskv1.WatchResponse_Removed{Removed: &taskv1.Removed{}}},
		{Cursor: "c.1", Sequence: 1, Message: &taskv1.WatchResponse_Event{Event: &taskv1.TaskEvent{Event: &taskv1.Event{Id: 1}}}},
		{Sequence: 1, Message: &taskv1.WatchResponse_End{End: &taskv1.End{Reason: taskv1.EndReason_END_REASON_FINISHED}}},
	}
	got := 0
	w := &resume.Watch[*taskv1.WatchResponse]{
		Open: func(context.Context, string) (taskStream, error) {
			return &tape{left: script}, nil
		},
		Pause: func(context.Context, int) error { return errors.New("the stream was cut") },
	}
	err := w.Run(t.Context(), func(*taskv1.WatchResponse) error {
		got++
		return nil
	})
	if err != nil || got != len(script) {
		t.Errorf("got %d messages, %v, want all %d", got, err, len(script))
	}
}

// A tape is a stream of given messages.
type tape struct {
	left []*taskv1.WatchResponse
	msg  *taskv1.WatchResponse
}

func (s *tape) Msg() *taskv1.WatchResponse { return s.msg }
func (s *tape) Err() error                 { return nil }
func (s *tape) Close() error               { return nil }

func (s *tape) Receive() bool {
	if len(s.left) == 0 {
		return false
	}
	s.msg, s.left = s.left[0], s.left[1:]
	return true
}

func TestHowAWatchEnds(t *testing.T) {
	expired := taskv1.EndReason_END_REASON_TOKEN_EXPIRED
	gone := connect.NewError(connect.CodeNotFound, errors.New("no such task"))
	away := connect.NewError(connect.CodeUnavailable, errors.New("connection refused"))
	tests := map[string]struct {
		server *server
		tries  int
		want   error
		opens  int
	}{
		"the task is finished":                          {&server{n: 5, end: taskv1.EndReason_END_REASON_FINISHED}, 0, nil, 1},
		"the credential expires":                        {&server{n: 5, end: expired}, 0, resume.ErrExpired, 1},
		"there is no such task":                         {&server{n: 5, refuses: []error{gone}}, 0, gone, 1},
		"a server that never answers is given up":       {&server{n: 5, refuses: []error{away, away, away, away}}, 3, away, 3},
		"one that answered once is tried until it does": {&server{n: 5, refuses: []error{away, away, away, away}, end: taskv1.EndReason_END_REASON_FINISHED}, 0, nil, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := follow(t, tt.server, func(w *resume.Watch[*taskv1.WatchResponse]) { w.FirstTries = tt.tries })
			if !errors.Is(err, tt.want) || len(tt.server.opens) != tt.opens {
				t.Errorf("got %v after %d opens, want %v after %d", err, len(tt.server.opens), tt.want, tt.opens)
			}
		})
	}
}

func TestADrainingServerIsReturnedToWithTheCursor(t *testing.T) {
	s := &server{n: 5, end: taskv1.EndReason_END_REASON_DRAINING}
	var cuts int
	ids, err := follow(t, s, func(w *resume.Watch[*taskv1.WatchResponse]) {
		w.Cut = func(error) {
			cuts++
			s.n, s.end = 8, taskv1.EndReason_END_REASON_FINISHED
		}
	})
	if err != nil || !slices.Equal(ids, upTo(8)) {
		t.Fatalf("got %v, %v, want 4 to 8", ids, err)
	}
	if cuts != 1 || !slices.Equal(s.opens, []string{"", "c5"}) {
		t.Errorf("cut %d times, opened at %q", cuts, s.opens)
	}
}

func TestPausesGrowUntilThereIsNews(t *testing.T) {
	away := connect.NewError(connect.CodeUnavailable, errors.New("connection refused"))
	lives := []int{2, 0, 2, -1}
	s := &server{n: 8, end: taskv1.EndReason_END_REASON_FINISHED, refuses: []error{away, away}, life: func() int {
		life := lives[0]
		lives = lives[1:]
		return life
	}}
	var pauses []int
	_, err := follow(t, s, func(w *resume.Watch[*taskv1.WatchResponse]) {
		w.Pause = func(_ context.Context, n int) error {
			pauses = append(pauses, n)
			return nil
		}
	})
	if want := []int{1, 2, 1, 2, 1}; err != nil || !slices.Equal(pauses, want) {
		t.Errorf("paused %v, %v, want %v", pauses, err, want)
	}
}

func TestASilentServerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{n: 5, silent: true, end: taskv1.EndReason_END_REASON_FINISHED}
		began := time.Now()
		_, err := follow(t, s, func(w *resume.Watch[*taskv1.WatchResponse]) {
			w.Silence = 45 * time.Second
			w.Cut = func(error) { s.silent = false }
		})
		if took := time.Since(began); err != nil || took != 45*time.Second {
			t.Errorf("ended after %v with %v, want 45s", took, err)
		}
	})
}

func TestTheCallersErrorEndsTheWatch(t *testing.T) {
	full := errors.New("disk full")
	s := &server{n: 5, life: func() int { return -1 }}
	w := &resume.Watch[*taskv1.WatchResponse]{Open: s.open, Pause: noPause}
	if err := w.Run(t.Context(), func(*taskv1.WatchResponse) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

func noPause(ctx context.Context, _ int) error { return ctx.Err() }
