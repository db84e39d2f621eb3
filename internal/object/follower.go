package object

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/watch"
)

// catchUp is how many events are read from history in one go.
const catchUp = 256

// Next returns the next message: at once if there is one, otherwise when
// something happens, or a heartbeat after silence if that is not 0. After the
// message of kind End it returns io.EOF, otherwise the error of ctx or a fault;
// after that the follower can only be closed. If the history that it lacks is
// damaged it is told a reset, and a snapshot without history.
func (w *Follower[S, E]) Next(ctx context.Context, silence time.Duration) (*Message[S, E], error) {
	for {
		if len(w.next) > 0 {
			return w.pop(), nil
		}
		if w.ended {
			return nil, io.EOF
		}
		if w.host.isDraining() {
			w.end(Draining)
			continue
		}
		changed, err := w.advance(ctx)
		if err != nil {
			return nil, err
		}
		if changed == nil {
			continue
		}
		silent, err := w.sleep(ctx, changed, silence)
		if err != nil {
			return nil, err
		}
		if silent {
			return w.heartbeat(), nil
		}
	}
}

func (w *Follower[S, E]) pop() *Message[S, E] {
	m := w.next[0]
	rest := copy(w.next, w.next[1:])
	w.next[rest] = nil
	if w.next = w.next[:rest]; rest == 0 && cap(w.next) > 8 {
		w.next = nil // after catching up; otherwise it serves the next message, too
	}
	return m
}

// advance queues what can be told now, or returns a channel to wait for.
func (w *Follower[S, E]) advance(ctx context.Context) (<-chan struct{}, error) {
	switch {
	case w.lost:
		return nil, w.again(ctx)
	case w.topic == nil:
		return w.await(ctx)
	}
	s := w.topic.After(w.at)
	switch {
	case s.Found:
		w.tell(s.Next)
	case s.Behind:
		return nil, w.read(ctx)
	case !w.current && w.at >= w.joined:
		w.current = true
		w.queue(Current, 0)
	case w.final && w.current && !w.ask.Forever:
		w.end(Finished)
	case s.Closed == watch.Ended:
		w.remove()
	case s.Closed == watch.Lost:
		return nil, w.again(ctx)
	default:
		return s.Changed, nil
	}
	return nil, nil
}

// tell queues one event.
func (w *Follower[S, E]) tell(m *Message[S, E]) {
	w.next = append(w.next, m)
	w.at, w.final = m.Sequence, w.host.class.Final(m.State)
}

// read queues events that only history has.
func (w *Follower[S, E]) read(ctx context.Context) error {
	o, err := w.host.enter(ctx, w.id)
	if isNotFound(err) {
		w.remove()
		return nil
	}
	if err != nil {
		return w.patient(ctx, err)
	}
	v := o.view()
	o.mu.Unlock()
	if v.generation != w.generation {
		return w.again(ctx)
	}
	records, err := w.host.records(ctx, v, w.at+1, min(v.sequence, w.at+catchUp))
	if errors.Is(err, errMoved) {
		return w.again(ctx)
	}
	if errors.Is(err, journal.ErrDamaged) { // what follows cannot be told, what is now can
		w.queue(Reset, CursorExpired)
		w.next = append(w.next, w.snapshot(ctx, v))
		return nil
	}
	if err != nil {
		return w.patient(ctx, err)
	}
	for _, r := range records {
		state := v.state
		if r.Sequence < v.sequence {
			state = w.host.class.At(v.state, r.Event)
		}
		w.tell(&Message[S, E]{
			Kind: Event, Cursor: w.host.cursor(v.generation, r.Sequence),
			Sequence: r.Sequence, State: state, Events: []E{r.Event},
		})
	}
	return nil
}

// again looks for the object anew, from where the follower is.
func (w *Follower[S, E]) again(ctx context.Context) error {
	var from *cursor
	if w.generation != 0 {
		from = &cursor{w.host.journal().Epoch(), w.generation, w.at}
	}
	w.leave()
	w.lost = true
	err := w.attach(ctx, from)
	if isNotFound(err) {
		w.lost = false
		if from != nil {
			w.remove()
		}
		return nil
	}
	return w.patient(ctx, err)
}

// patient lets a follower outlive a journal that is being opened again: with
// ErrUnknown it waits a moment and is nil, so that the caller tries again.
func (w *Follower[S, E]) patient(ctx context.Context, err error) error {
	if !errors.Is(err, journal.ErrUnknown) {
		return err
	}
	timer := time.NewTimer(recoverPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.host.draining:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// await waits for the object to be created.
func (w *Follower[S, E]) await(ctx context.Context) (<-chan struct{}, error) {
	select {
	case <-w.birth.created:
	default:
		return w.birth.created, nil
	}
	w.birth = w.host.expect(w.id) // it may be deleted again before it is found
	return nil, w.again(ctx)
}

// remove queues that the object is gone, and either waits for the next of its
// id or ends.
func (w *Follower[S, E]) remove() {
	w.queue(Removed, Deleted)
	gone := w.here()
	w.leave()
	w.host.forgetBirth(w)
	w.generation, w.at, w.current, w.final = 0, 0, false, false
	if w.ask.Forever && w.ask.WaitForCreate {
		w.birth = w.host.expect(w.id)
		w.lost = true // the next one may be there already
		return
	}
	w.end(Finished)
	w.next[len(w.next)-1].Cursor = gone
}

func (w *Follower[S, E]) end(why Reason) {
	w.queue(End, why)
	w.ended = true
}

func (w *Follower[S, E]) queue(kind MessageKind, why Reason) {
	w.next = append(w.next, &Message[S, E]{Kind: kind, Reason: why, Cursor: w.here(), Sequence: w.at})
}

// here returns the cursor of where the follower is; "" before there is an
// object.
func (w *Follower[S, E]) here() string {
	if w.generation == 0 {
		return ""
	}
	return w.host.cursor(w.generation, w.at)
}

// sleep waits for changed, for draining, for a while of silence, or for the end
// of ctx.
func (w *Follower[S, E]) sleep(ctx context.Context, changed <-chan struct{}, while time.Duration) (beat bool, err error) {
	// A channel that all followers wait for is a burden, so draining wakes the
	// topics. Whoever waits for a creation has none.
	var draining <-chan struct{}
	if w.topic == nil {
		draining = w.host.draining
	} else if w.host.isDraining() { // after changed was made
		return false, nil
	}
	w.silence.begin(w.host.cfg.Uptime(), while)
	for {
		select {
		case <-changed:
			return false, nil
		case <-w.silence.beats:
			if w.silence.over(w.host.cfg.Uptime(), while) {
				return true, nil
			}
		case <-draining:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// silence measures how long a follower was told nothing. Its timer runs on while
// messages come: one that is set for each of them costs more than the message.
type silence struct {
	timer *time.Timer
	beats chan struct{} // has an element if the timer went off
	since time.Duration // by Config.Uptime
}

func (s *silence) begin(now, while time.Duration) {
	s.since = now
	if while > 0 && s.timer == nil {
		beats := make(chan struct{}, 1)
		s.beats = beats
		s.timer = time.AfterFunc(while, func() { beats <- struct{}{} })
	}
}

// over reports whether the silence lasted, after the timer went off, and sets it
// anew.
func (s *silence) over(now, while time.Duration) bool {
	left := s.since + while - now
	if left <= 0 {
		s.timer.Reset(while)
		return true
	}
	s.timer.Reset(left)
	return false
}

func (s *silence) end() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (w *Follower[S, E]) heartbeat() *Message[S, E] {
	return &Message[S, E]{Kind: Heartbeat, Cursor: w.here(), Sequence: w.at}
}
