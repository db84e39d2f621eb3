package rpc

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A bench records the deadlines that a sender sets: "armed" and "lifted".
type bench struct {
	*sender
	did []string
}

func newBench(http2 bool, send func(any) error) *bench {
	b := new(bench)
	b.sender = &sender{send: send, now: time.Now, patience: patience{total: 10 * time.Second, quiet: time.Second}}
	b.deadline = func(at time.Time) {
		if at.IsZero() {
			b.did = append(b.did, "lifted")
			return
		}
		b.did = append(b.did, "armed "+time.Until(at).String())
	}
	if http2 {
		b.watchdog = time.AfterFunc(time.Hour, b.impatient)
		b.watchdog.Stop()
	}
	return b
}

func takes(d time.Duration, err error) func(any) error {
	return func(any) error { time.Sleep(d); return err }
}

// The clock of these tests is synctest's: sleeping costs nothing.
func TestWhenTheDeadlineStands(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name  string
		http2 bool
		send  func(any) error
		want  []string
	}{
		{"over HTTP/2 a message that leaves at once costs nothing", true, takes(0, nil), nil},
		{"nor one that takes less than the quiet part", true, takes(900*time.Millisecond, nil), nil},
		{"a slow one is bounded, and the bound lifted", true, takes(3*time.Second, nil), []string{"armed 9s", "lifted"}},
		{"after a failure nothing is lifted", true, takes(3*time.Second, broken), []string{"armed 9s"}},
		{"over HTTP/1.1 each message is bounded, and the bound lifted", false, takes(0, nil), []string{"armed 10s", "lifted"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(tt.http2, tt.send)
				err := b.message("m")
				time.Sleep(time.Hour) // idle: nothing may happen
				synctest.Wait()
				if !slices.Equal(b.did, tt.want) {
					t.Errorf("did %q, want %q (%v)", b.did, tt.want, err)
				}
			})
		})
	}
}

// The bound of one message must not reach the next.
func TestEachMessageHasItsOwnPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(true, takes(600*time.Millisecond, nil))
		for range 10 { // 6 s of sending, none over the quiet part
			if err := b.message("m"); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.did) != 0 {
			t.Errorf("did %q", b.did)
		}
	})
}
