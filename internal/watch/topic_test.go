package watch_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/watch"
)

func TestTopicKeepsNothingWithoutFollowers(t *testing.T) {
	t.Parallel()
	budget := watch.NewBudget(1 << 20)
	topic := watch.NewTopic[int](5, budget)
	topic.Publish(6, 100, 6)
	if budget.Used() != 0 {
		t.Errorf("%d bytes are kept for nobody", budget.Used())
	}
	topic.Join()
	topic.Publish(7, 100, 7)
	if budget.Used() != 100 {
		t.Errorf("%d bytes are kept, want 100", budget.Used())
	}
	if left := topic.Leave(); left != 0 || budget.Used() != 0 {
		t.Errorf("after the last follower left: %d followers, %d bytes", left, budget.Used())
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	topic := watch.NewTopic[int](10, watch.NewBudget(1<<20))
	topic.Join()
	for i := 11; i <= 300; i++ {
		topic.Publish(int64(i), 10, i)
	}
	tests := []struct {
		name  string
		after int64
		found bool
		next  int
		hist  bool
	}{
		{"a follower that is current waits", 300, false, 0, false},
		{"the newest message is in the tail", 299, true, 300, false},
		{"the tail holds 128 messages", 300 - 128, true, 173, false},
		{"older ones are left to history", 300 - 129, false, 0, true},
		{"so is everything before the topic began", 0, false, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := topic.After(tt.after)
			if s.Found != tt.found || s.Next != tt.next || s.Behind != tt.hist || s.Closed != watch.Open {
				t.Errorf("After(%d) = %+v", tt.after, s)
			}
		})
	}
}

func TestTailIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	topic := watch.NewTopic[int](0, watch.NewBudget(1<<20))
	topic.Join()
	for i := 1; i <= 10; i++ {
		topic.Publish(int64(i), 10<<10, i)
	}
	if s := topic.After(7); !s.Found {
		t.Error("three messages of 10 KiB fit into 32 KiB")
	}
	if s := topic.After(6); !s.Behind {
		t.Error("four messages of 10 KiB do not fit into 32 KiB")
	}
	topic.Publish(11, 1<<20, 11)
	if s := topic.After(10); !s.Found {
		t.Error("the newest message is kept, however large")
	}
}

func TestBudgetBoundsAllTopics(t *testing.T) {
	t.Parallel()
	budget := watch.NewBudget(1000)
	for range 100 {
		topic := watch.NewTopic[int](0, budget)
		topic.Join()
		for i := 1; i <= 10; i++ {
			topic.Publish(int64(i), 100, i)
		}
	}
	if used := budget.Used(); used > 1000+100*100 {
		t.Errorf("%d bytes are kept, want at most the budget and one message for each topic", used)
	}
}

func TestCloseLetsTheTailBeRead(t *testing.T) {
	t.Parallel()
	topic := watch.NewTopic[int](0, watch.NewBudget(1000))
	topic.Join()
	topic.Publish(1, 1, 1)
	changed := topic.After(1).Changed
	topic.Close(watch.Ended)
	topic.Close(watch.Lost) // the first counts
	<-changed
	if s := topic.After(0); !s.Found || s.Next != 1 {
		t.Errorf("After(0) = %+v, want the message", s)
	}
	if s := topic.After(1); s.Closed != watch.Ended {
		t.Errorf("After(1) = %+v, want it ended", s)
	}
}

// Followers of every speed see each message once: from the tail, or told that
// they are behind, never a hole.
func TestNoFollowerMissesAnything(t *testing.T) {
	t.Parallel()
	const last = 5000
	topic := watch.NewTopic[int64](0, watch.NewBudget(1<<20))
	var wg sync.WaitGroup
	for f := range 16 {
		topic.Join()
		wg.Go(func() {
			defer topic.Leave()
			r := rand.New(rand.NewPCG(uint64(f), 1))
			for at := int64(0); at < last; {
				s := topic.After(at)
				switch {
				case s.Found && s.Next != at+1:
					t.Errorf("follower %d: %d after %d", f, s.Next, at)
					return
				case s.Found, s.Behind: // history always has the next one
					at++
				default:
					<-s.Changed
				}
				if r.IntN(f+1) > 12 {
					topic.After(at)
				}
			}
		})
	}
	for i := int64(1); i <= last; i++ {
		topic.Publish(i, 8, i)
	}
	wg.Wait()
}
