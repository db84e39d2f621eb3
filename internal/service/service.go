package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// Config says how a Service works. Class, Host and Lister are required.
type Config[S, E, C any] struct {
	Class  Class[S, E, C]
	Host   Host[S, E]
	Lister Lister

	// Room refuses a command for which an object is too full. If nil, none is.
	Room func(S, C) error

	// Followers limits who watches or waits at once, in all services that share
	// it. If nil, there is no limit.
	Followers *Followers
}

// A Service answers calls on the objects of one class. It is safe for concurrent
// use, and holds nothing that needs closing.
type Service[S, E, C any] struct {
	class     Class[S, E, C]
	host      Host[S, E]
	lister    Lister
	room      func(S, C) error
	followers *Followers
}

// New returns a Service.
func New[S, E, C any](cfg Config[S, E, C]) (*Service[S, E, C], error) {
	if cfg.Class == nil || cfg.Host == nil || cfg.Lister == nil {
		return nil, errors.New("service: Config.Class, Host and Lister are required")
	}
	if cfg.Followers == nil {
		cfg.Followers = NewFollowers(0, 0)
	}
	return &Service[S, E, C]{cfg.Class, cfg.Host, cfg.Lister, cfg.Room, cfg.Followers}, nil
}

// Class returns the rules of the objects.
func (s *Service[S, E, C]) Class() Class[S, E, C] { return s.class }

// Get returns an object with all that is kept of it.
func (s *Service[S, E, C]) Get(ctx context.Context, id string) (S, error) {
	state, err := s.host.Get(ctx, id)
	return state, s.told(err, id)
}

// A Result is what a mutation did. It is the same for a replay.
type Result[S, E any] struct {
	State    S // after the call; before it for a delete
	Events   []E
	Replayed bool // the call was answered from an earlier one with its key
}

// Do carries out a command on its object. A creation without an id makes one of
// 128 random bits. Once may be nil.
//
// It fails with a *rule.Error, with the errors of object.Host.Do, or with that
// of ctx; after the latter the call may still happen.
func (s *Service[S, E, C]) Do(ctx context.Context, who auth.Principal, cmd C, once *Once) (Result[S, E], error) {
	call := s.class.Call(cmd)
	key := once.idempotency(who, s.class.Name(), call.ID)
	if call.Creates && call.ID == "" {
		call.ID = newID()
		cmd = s.class.WithID(cmd, call.ID)
	}
	if err := s.class.ValidID(call.ID); err != nil {
		return Result[S, E]{}, err
	}
	out, err := s.host.Do(ctx, call.ID, object.Call[S, E]{
		Idempotency: key,
		Reserved:    call.Ends,
		Decide: func(state *S, now int64) (object.Decision[S, E], error) {
			return s.decide(state, cmd, call.Deletes, now, who)
		},
	})
	if err != nil {
		return Result[S, E]{}, s.told(err, call.ID)
	}
	if out.Replayed {
		return s.replay(ctx, cmd, out.State, who)
	}
	return Result[S, E]{State: out.State, Events: out.Events}, nil
}

// decide applies the rules of the class and, before them, those of the house.
func (s *Service[S, E, C]) decide(state *S, cmd C, deletes bool, now int64, who auth.Principal) (object.Decision[S, E], error) {
	if deletes && state != nil && !owns(who, s.class.CreatedBy(*state)) {
		return object.Decision[S, E]{}, s.class.NotFound(s.class.Call(cmd).ID)
	}
	if state != nil && s.room != nil {
		if err := s.room(*state, cmd); err != nil {
			return object.Decision[S, E]{}, err
		}
	}
	c, err := s.class.Apply(state, cmd, now, who.Subject)
	return object.Decision[S, E](c), err
}

// replay rebuilds the answer of a call that happened before: from the command,
// the object after it, and what is still there of it.
func (s *Service[S, E, C]) replay(ctx context.Context, cmd C, then S, who auth.Principal) (Result[S, E], error) {
	id := s.class.ID(then)
	state, err := s.host.Get(ctx, id)
	now := &state
	if errors.Is(err, journal.ErrNotFound) {
		now, err = nil, nil
	}
	if err != nil {
		return Result[S, E]{}, s.told(err, id)
	}
	r := Result[S, E]{Replayed: true}
	r.State, r.Events = s.class.Again(cmd, then, now, who.Subject)
	return r, nil
}

// owns reports whether a caller may list and delete what a subject created.
func owns(who auth.Principal, creator string) bool {
	return who.Admin() || who.Subject == creator
}

// told gives the errors of lower floors that are about an object the words of
// its class.
func (s *Service[S, E, C]) told(err error, id string) error {
	if err == nil || !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	return s.class.NotFound(id)
}

// unpack returns the object of a registry row.
func (s *Service[S, E, C]) unpack(l journal.Loaded) (S, error) {
	state, err := s.host.Unpack(l.Row, l.Detail)
	if err != nil {
		return state, fmt.Errorf("service: row of generation %d: %w", l.Row.Generation, err)
	}
	return state, nil
}
