package service

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A Follower gets the messages of one task. Close must be called.
type Follower struct {
	*object.Follower[task.Task, task.Event]
	leave func()
}

// Close ends the follower. It may be called more than once.
func (f *Follower) Close() {
	f.Follower.Close()
	f.leave()
}

// Follow begins to follow a task. It fails with a limit's error if too many do,
// and with rule.ErrNotFound unless f.WaitForCreate is set.
func (s *Service) Follow(ctx context.Context, id string, f object.Follow) (*Follower, error) {
	if err := task.ValidID(id); err != nil {
		return nil, err
	}
	leave, err := s.followers.enter(id)
	if err != nil {
		return nil, err
	}
	follower, err := s.host.Follow(ctx, id, f)
	if err != nil {
		leave()
		return nil, told(err, id)
	}
	return &Follower{Follower: follower, leave: leave}, nil
}

// followers counts who follows.
type followers struct {
	perTask, inAll int // limits; 0 is none

	mu    sync.Mutex
	of    map[string]int // :: task id -> its followers, if any
	total int
}

func (f *followers) init(perTask, inAll int) {
	f.perTask, f.inAll, f.of = perTask, inAll, make(map[string]int)
}

// enter counts one more follower of a task, until leave is called; calling that
// again does nothing.
func (f *followers) enter(id string) (leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.perTask > 0 && f.of[id] >= f.perTask {
		return nil, full("followers of a task", "--max-followers-task", f.perTask)
	}
	if f.inAll > 0 && f.total >= f.inAll {
		return nil, full("followers of the server", "--max-followers", f.inAll)
	}
	f.of[id]++
	f.total++
	return sync.OnceFunc(func() { f.leave(id) }), nil
}

func (f *followers) leave(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total--
	if f.of[id]--; f.of[id] == 0 {
		delete(f.of, id)
	}
}

func full(what, flag string, limit int) error {
	return &Error{
		Class:    ErrLimit,
		Text:     fmt.Sprintf("there are %d %s, which is the limit (%s); try again later", limit, what, flag),
		Metadata: map[string]string{"limit": flag, "max": strconv.Itoa(limit)},
	}
}
