package ws_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/ws"
)

// partings tells of sockets that were closed, as the log does.
type partings chan struct{}

func (partings) Enabled(context.Context, slog.Level) bool { return true }

func (p partings) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "a socket was closed" {
		p <- struct{}{}
	}
	return nil
}

func (p partings) WithAttrs([]slog.Attr) slog.Handler { return p }

func (p partings) WithGroup(string) slog.Handler { return p }

// soon reports whether a socket was closed within d.
func (p partings) soon(d time.Duration) bool {
	select {
	case <-p:
		return true
	case <-time.After(d):
		return false
	}
}

// A peer that does not read is dropped when its time is over, and nobody waits
// for it. The mutant is a door with endless patience.
func TestAStuckPeerIsDropped(t *testing.T) {
	t.Parallel()
	t.Run("dropped", func(t *testing.T) {
		t.Parallel()
		if !stuckIsDropped(t, 2*time.Second, 30*time.Second) {
			t.Error("a stuck peer is still there")
		}
	})
	t.Run("endless patience", func(t *testing.T) {
		t.Parallel()
		if stuckIsDropped(t, time.Hour, time.Second) {
			t.Error("a peer was dropped though the door has endless patience: the test proves nothing")
		}
	})
}

// stuckIsDropped has one peer read and one not, of 5 MiB, and reports whether
// the latter is dropped within the time given.
func stuckIsDropped(t *testing.T, patience, within time.Duration) bool {
	closed := make(partings, 10)
	h := start(t, rpctest.Config{Log: slog.New(closed)}, func(c *ws.Config) { c.SendTimeout = patience })
	h.create("t")
	stuck := h.dead("t")
	reader := h.dial("t", "")
	req := &taskv1.AddEventRequest{TaskId: "t"}
	for range 60 {
		req.Events = append(req.Events, &taskv1.NewEvent{Message: strings.Repeat("x", 16<<10)})
	}
	const calls = 5 // more than the buffers of a connection hold
	done := make(chan error, 1)
	go func() {
		for range calls {
			if _, err := h.AddEvent(context.Background(), req); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range int64(60 * calls) {
		reader.expect("event", 2+i)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	dropped := closed.soon(within)
	h.report("t", 7)
	reader.expect("progress", 60*calls+2)
	stuck.Close()
	return dropped
}

// A peer that is gone without a word is noticed by its silence. The mutant is a
// door that does not ask.
func TestADeadPeerIsNoticed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		every, within time.Duration
		noticed       bool
	}{
		"asked":     {20 * time.Millisecond, 20 * time.Second, true},
		"not asked": {time.Hour, 500 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := make(partings, 10)
			h := start(t, rpctest.Config{Log: slog.New(closed)}, func(c *ws.Config) { c.PingEvery, c.PingTimeout = tt.every, 3*time.Second })
			living := h.dial("t", "") // answers while it reads
			told := make(chan string, 1)
			go func() {
				text, _ := living.read()
				told <- text
			}()
			dead := h.dead("t")
			if got := closed.soon(tt.within); got != tt.noticed {
				t.Errorf("noticed: %v, want %v", got, tt.noticed)
			}
			h.create("t")
			if text := <-told; !strings.Contains(text, "Task created") {
				t.Errorf("the living peer got %q", text)
			}
			dead.Close()
		})
	}
}

// dead opens a socket that reads nothing and answers nothing.
func (h *house) dead(id string) net.Conn {
	h.t.Helper()
	c, err := net.Dial("tcp", h.Addr)
	h.must(err)
	h.must(c.(*net.TCPConn).SetReadBuffer(4096))
	_, err = c.Write([]byte("GET /ws/task/" + id + " HTTP/1.1\r\nHost: " + h.Addr +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	h.must(err)
	answer := make([]byte, 12)
	_, err = c.Read(answer)
	if err != nil || string(answer) != "HTTP/1.1 101" {
		h.t.Fatalf("the handshake was answered by %q, %v", answer, err)
	}
	return c
}

// What is left when a stop has waited long enough is cut.
func TestCloseCutsWhatIsLeft(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	p := h.dial("t", "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.door.Close(ctx) // the host does not drain, so that the socket would stay
	if text, err := p.read(); err == nil {
		t.Errorf("got %q, want the end", text)
	}
	if r := h.refused("", nil); r.status != 503 || r.Code != "unavailable" {
		t.Errorf("after Close: %+v", r)
	}
}
