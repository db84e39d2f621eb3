package service

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// A Follower gets the messages of one object. Close must be called.
type Follower[S, E any] struct {
	*object.Follower[S, E]
	leave func()
}

// Close ends the follower. It may be called more than once.
func (f *Follower[S, E]) Close() {
	f.Follower.Close()
	f.leave()
}

// Follow begins to follow an object. It fails with a limit's error if too many do,
// and with rule.ErrNotFound unless f.WaitForCreate is set.
func (s *Service[S, E, C]) Follow(ctx context.Context, id string, f object.Follow) (*Follower[S, E], error) {
	if err := s.class.ValidID(id); err != nil {
		return nil, err
	}
	leave, err := s.followers.enter(s.class.Name(), id)
	if err != nil {
		return nil, err
	}
	follower, err := s.host.Follow(ctx, id, f)
	if err != nil {
		leave()
		return nil, s.told(err, id)
	}
	return &Follower[S, E]{Follower: follower, leave: leave}, nil
}

// Followers counts who follows, and limits it. It is safe for concurrent use.
type Followers struct {
	perObject, inAll int // limits; 0 is none

	mu    sync.Mutex
	of    map[journal.Key]int // :: object -> its followers, if any
	total int
}

// NewFollowers returns limits for the followers of one object and for all
// together; 0 is no limit.
func NewFollowers(perObject, inAll int) *Followers {
	return &Followers{perObject: perObject, inAll: inAll, of: make(map[journal.Key]int)}
}

// enter counts one more follower of an object, until leave is called; calling
// that again does nothing.
func (f *Followers) enter(class, id string) (leave func(), err error) {
	key := journal.Key{Class: class, ID: id}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.perObject > 0 && f.of[key] >= f.perObject {
		return nil, full("followers of a "+class, "--max-followers-task", f.perObject)
	}
	if f.inAll > 0 && f.total >= f.inAll {
		return nil, full("followers of the server", "--max-followers", f.inAll)
	}
	f.of[key]++
	f.total++
	return sync.OnceFunc(func() { f.leave(key) }), nil
}

func (f *Followers) leave(key journal.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total--
	if f.of[key]--; f.of[key] == 0 {
		delete(f.of, key)
	}
}

func full(what, flag string, limit int) error {
	return &Error{
		Class:    ErrLimit,
		Text:     fmt.Sprintf("there are %d %s, which is the limit (%s); try again later", limit, what, flag),
		Metadata: map[string]string{"limit": flag, "max": strconv.Itoa(limit)},
	}
}
