package patience_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/patience"
)

// The clock of these tests is synctest's: sleeping costs nothing.
func TestWhichSendsAreLate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		sends []time.Duration // one after the other
		want  []string
	}{
		{"one that ends at once is not", []time.Duration{0}, nil},
		{"nor one that takes less than the time it has", []time.Duration{999 * time.Millisecond}, nil},
		{"one that takes longer is, and its end is told", []time.Duration{3 * time.Second}, []string{"late", "over"}},
		{"many short ones are not one long one", slices.Repeat([]time.Duration{600 * time.Millisecond}, 10), nil},
		{"each that takes longer is", []time.Duration{2 * time.Second, 0, 2 * time.Second}, []string{"late", "over", "late", "over"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var did []string
				var mu sync.Mutex
				note := func(what string) func() {
					return func() { mu.Lock(); defer mu.Unlock(); did = append(did, what) }
				}
				s := patience.New(time.Second).Join(note("late"), note("over"))
				for _, d := range tt.sends {
					s.Begin()
					time.Sleep(d)
					s.End()
				}
				time.Sleep(time.Hour) // idle: nothing may happen
				s.Leave()
				if !slices.Equal(did, tt.want) {
					t.Errorf("did %q, want %q", did, tt.want)
				}
			})
		})
	}
}

// It is late after the time it has, and a quarter more at most.
func TestHowLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := patience.New(time.Second)
		first := p.Join(func() {}, nil) // it has been looking for a while
		time.Sleep(333 * time.Millisecond)
		begin := time.Now()
		late := make(chan time.Duration, 1)
		s := p.Join(func() { late <- time.Since(begin) }, nil)
		s.Begin()
		if d := <-late; d < time.Second || d > 1250*time.Millisecond {
			t.Errorf("late after %v", d)
		}
		s.End()
		s.Leave()
		first.Leave()
	})
}

// End waits for late, so that what late did can be undone.
func TestOverComesAfterLate(t *testing.T) {
	t.Parallel()
	returned, during, release := false, make(chan struct{}), make(chan struct{})
	s := patience.New(time.Millisecond).Join(func() {
		close(during)
		<-release
		returned = true
	}, func() {
		if !returned {
			t.Error("over was called while late was running")
		}
	})
	s.Begin()
	<-during
	ended := make(chan struct{})
	go func() { s.End(); close(ended) }()
	close(release)
	<-ended
	s.Leave()
}

// A Patience without senders runs nothing: synctest would not end otherwise.
func TestItRunsOnlyWhileThereAreSenders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := patience.New(time.Second)
		for range 2 {
			late := false
			s := p.Join(func() { late = true }, nil)
			s.Begin()
			time.Sleep(2 * time.Second)
			s.End()
			s.Leave()
			time.Sleep(time.Minute)
			if !late {
				t.Error("it does not watch")
			}
		}
	})
}

func BenchmarkSend(b *testing.B) {
	s := patience.New(time.Second).Join(func() {}, nil)
	defer s.Leave()
	for b.Loop() {
		s.Begin()
		s.End()
	}
}
