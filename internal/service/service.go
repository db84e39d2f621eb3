package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// The host of tasks, as package object spells it.
type (
	// Call is a call on one task.
	Call = object.Call[task.Task, task.Event]
	// Outcome is what a call did.
	Outcome = object.Outcome[task.Task, task.Event]
	// Message is what a follower of a task gets.
	Message = object.Message[task.Task, task.Event]
)

// A Host keeps the live tasks. *object.Host[task.Task, task.Event] is one.
type Host interface {
	Do(ctx context.Context, id string, c Call) (Outcome, error)
	Get(ctx context.Context, id string) (task.Task, error)
	History(ctx context.Context, id string, r object.HistoryRange) (events []task.Event, generation int64, err error)
	Follow(ctx context.Context, id string, f object.Follow) (*object.Follower[task.Task, task.Event], error)
	Shown(ctx context.Context, lsn int64) error
	Unpack(row journal.Row, detail journal.Detail) (task.Task, error)
}

// A Lister reads the registry. *ledger.Ledger is one.
type Lister interface {
	// Epoch identifies the registry's data; it is part of every page token.
	Epoch() string
	List(ctx context.Context, q journal.Query) (journal.Page, error)
	// Tallies returns the counts per status and the ledger position they are of.
	Tallies(ctx context.Context, class string) ([]journal.Tally, int64, error)
}

// Config says how a Service works. Host and Lister are required.
type Config struct {
	Host   Host
	Lister Lister

	// MaxEvents is how many events a task may have before AddEvent and
	// UpdateProgress are refused; ending and deleting it always works. If zero,
	// there is no limit.
	MaxEvents int64

	// MaxFollowersTask and MaxFollowers limit who watches or waits at once: of
	// one task and in all. If zero, there is no limit.
	MaxFollowersTask int
	MaxFollowers     int
}

// A Service answers calls on tasks. It is safe for concurrent use, and holds
// nothing that needs closing.
type Service struct {
	cfg       Config
	host      Host
	lister    Lister
	followers followers
}

// New returns a Service.
func New(cfg Config) (*Service, error) {
	if cfg.Host == nil || cfg.Lister == nil {
		return nil, errors.New("service: Config.Host and Config.Lister are required")
	}
	s := &Service{cfg: cfg, host: cfg.Host, lister: cfg.Lister}
	s.followers.init(cfg.MaxFollowersTask, cfg.MaxFollowers)
	return s, nil
}

// Get returns a task with its metadata and result.
func (s *Service) Get(ctx context.Context, id string) (task.Task, error) {
	t, err := s.host.Get(ctx, id)
	return t, told(err, id)
}

// A Result is what a mutation did. It is the same for a replay.
type Result struct {
	Task     task.Task // after the call; before it for a delete
	Events   []task.Event
	Replayed bool // the call was answered from an earlier one with its key
}

// Do carries out a command on its task. A Create without an id makes one of 128
// random bits. Once may be nil.
//
// It fails with an *Error of package task, with the errors of object.Host.Do, or
// with that of ctx; after the latter the call may still happen.
func (s *Service) Do(ctx context.Context, who auth.Principal, cmd task.Command, once *Once) (Result, error) {
	key := once.idempotency(who, cmd.TaskID())
	if c, ok := cmd.(task.Create); ok && c.ID == "" {
		c.ID = newID()
		cmd = c
	}
	return s.do(ctx, who, cmd.TaskID(), cmd, key)
}

func (s *Service) do(ctx context.Context, who auth.Principal, id string, cmd task.Command, key *object.Idempotency) (Result, error) {
	if err := task.ValidID(id); err != nil {
		return Result{}, err
	}
	out, err := s.host.Do(ctx, id, Call{
		Idempotency: key,
		Reserved:    task.Ends(cmd),
		Decide: func(t *task.Task, now int64) (object.Decision[task.Task, task.Event], error) {
			return s.decide(t, cmd, now, who)
		},
	})
	if err != nil {
		return Result{}, told(err, id)
	}
	if out.Replayed {
		return s.replay(ctx, cmd, out.State, who)
	}
	return Result{Task: out.State, Events: out.Events}, nil
}

// decide applies the rules of tasks and, before them, those of the house.
func (s *Service) decide(t *task.Task, cmd task.Command, now int64, who auth.Principal) (object.Decision[task.Task, task.Event], error) {
	var none object.Decision[task.Task, task.Event]
	if _, ok := cmd.(task.Delete); ok && t != nil && !owns(who, t.CreatedBy) {
		return none, task.NotFound(t.ID)
	}
	if t != nil && s.cfg.MaxEvents > 0 {
		if err := task.Room(*t, cmd, s.cfg.MaxEvents); err != nil {
			return none, err
		}
	}
	c, err := task.Apply(t, cmd, now, who.Subject)
	if err != nil {
		return none, err
	}
	return object.Decision[task.Task, task.Event]{Next: c.Next, Events: c.Events, Delete: c.Delete, Detail: c.Detail}, nil
}

// owns reports whether a caller may list and delete what a subject created.
func owns(who auth.Principal, creator string) bool {
	return who.Admin() || who.Subject == creator
}

// told gives the errors of lower floors that are about a task the words of the
// task's rules.
func told(err error, id string) error {
	if err == nil || !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	return task.NotFound(id)
}

// unpack returns the task of a registry row.
func (s *Service) unpack(l journal.Loaded) (task.Task, error) {
	t, err := s.host.Unpack(l.Row, l.Detail)
	if err != nil {
		return task.Task{}, fmt.Errorf("service: row of generation %d: %w", l.Row.Generation, err)
	}
	return t, nil
}
