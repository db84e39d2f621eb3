package rpc_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// A peer speaks HTTP/2 and does only what it is told.
type peer struct {
	*http2.Framer
	conn net.Conn
	t    *testing.T
}

// dial connects; the peer gives up after 10 s.
func dial(t *testing.T, addr string, settings ...http2.Setting) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	p := &peer{http2.NewFramer(c, c), c, t}
	if _, err := c.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	p.must(p.WriteSettings(settings...))
	return p
}

func (p *peer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// watch opens a Watch of a task as a stream. The task should be there.
func (p *peer) watch(stream uint32, id string) {
	p.t.Helper()
	p.open(stream, [2]string{":path", taskv1connect.TaskServiceWatchProcedure}, [2]string{"content-type", "application/connect+json"})
	var body bytes.Buffer
	_, err := body.ReadFrom(envelope(`{"taskId":"` + id + `","follow":"WATCH_FOLLOW_FOREVER"}`))
	p.must(err)
	p.must(p.WriteData(stream, true, body.Bytes()))
}

// open sends the headers of a request.
func (p *peer) open(stream uint32, fields ...[2]string) {
	p.t.Helper()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for _, f := range append([][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "localhost"}}, fields...) {
		p.must(e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true}))
}

// await reads frames until one is what.
func (p *peer) await(what string, is func(http2.Frame) bool) {
	p.t.Helper()
	for {
		f, err := p.ReadFrame()
		if err != nil {
			p.t.Fatalf("no %s: %v", what, err)
		}
		if is(f) {
			return
		}
	}
}

func isType(stream uint32, kind http2.FrameType) func(http2.Frame) bool {
	return func(f http2.Frame) bool { return f.Header().StreamID == stream && f.Header().Type == kind }
}

// stuckConfig has short times.
func stuckConfig(change ...func(*rpc.Config)) rpctest.Config {
	return rpctest.Config{RPC: func(c *rpc.Config) {
		c.SendTimeout, c.SendQuiet, c.Heartbeat = 300*time.Millisecond, 100*time.Millisecond, time.Hour
		for _, f := range change {
			f(c)
		}
	}}
}

// idleOutlives lets two follow on one connection. Both may take the snapshot and
// no more; then "stuck" gets an event and "t", which is idle, does not. It
// reports whether the stuck one was dropped, and the idle one still gets
// messages, long after.
func idleOutlives(t *testing.T, cfg rpctest.Config, wait time.Duration) (dropped, alive bool) {
	t.Helper()
	s, c := start(t, cfg)
	create(t, c, "stuck")
	p := dial(t, s.Addr)
	p.watch(1, "stuck")
	p.watch(3, "t")
	seen := map[uint32]int{}
	p.await("snapshot and current of both", func(f http2.Frame) bool {
		if d, ok := f.(*http2.DataFrame); ok {
			seen[d.StreamID] += strings.Count(string(d.Data()), `"current"`)
		}
		return seen[1] > 0 && seen[3] > 0
	})
	// From now on the streams may send nothing: the window shrinks below zero.
	p.must(p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
	p.await("acknowledgement", func(f http2.Frame) bool {
		settings, ok := f.(*http2.SettingsFrame)
		return ok && settings.IsAck()
	})
	report(t, c, "stuck", 1)

	p.must(p.conn.SetReadDeadline(time.Now().Add(wait)))
	for {
		f, err := p.ReadFrame()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		p.must(err)
		if isType(1, http2.FrameRSTStream)(f) {
			dropped = true
		}
		if isType(3, http2.FrameRSTStream)(f) {
			return dropped, false
		}
	}
	p.must(p.conn.SetReadDeadline(time.Now().Add(5 * time.Second)))
	p.must(p.WriteWindowUpdate(3, 1<<20))
	report(t, c, "t", 1)
	p.await("message on the idle stream", func(f http2.Frame) bool {
		alive = isType(3, http2.FrameData)(f)
		return alive || isType(3, http2.FrameRSTStream)(f)
	})
	return dropped, alive
}

func TestAStuckFollowerIsDroppedAlone(t *testing.T) {
	dropped, alive := idleOutlives(t, stuckConfig(), 900*time.Millisecond)
	if !dropped {
		t.Error("the stuck watch was not dropped")
	}
	if !alive {
		t.Error("the idle watch did not live")
	}
}

// Without the bound nobody is dropped: the test above can fail.
func TestMutantWithoutPatienceKeepsStuckFollowers(t *testing.T) {
	dropped, alive := idleOutlives(t, stuckConfig(func(c *rpc.Config) { c.SendTimeout, c.SendQuiet = time.Hour, time.Minute }), 900*time.Millisecond)
	if dropped || !alive {
		t.Errorf("dropped %v, alive %v", dropped, alive)
	}
}

// Over HTTP/1.1 a connection is a follower; one that does not read is cut, and
// one that is idle for longer than the bound is not.
func TestOverHTTP1AStuckFollowerIsDroppedAndAnIdleOneIsNot(t *testing.T) {
	s, c := start(t, stuckConfig())
	create(t, c, "big")
	open := func(id string) (net.Conn, *bufio.Reader) {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(envelope(`{"taskId":"` + id + `","history":0,"view":"TASK_VIEW_FULL"}`)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: %d\r\n\r\n%s",
			taskv1connect.TaskServiceWatchProcedure, body.Len(), body.String())
		return conn, bufio.NewReader(conn)
	}
	idle, idleIn := open("t")
	readUntil(t, idle, idleIn, "current")
	stuck, stuckIn := open("big")
	readUntil(t, stuck, stuckIn, "current")

	// Events enough to fill the buffers of both sides; the follower reads none.
	followers := func() int { return s.Host.Stats().Topics }
	if followers() != 2 {
		t.Fatalf("%d tasks are followed", followers())
	}
	deadline := time.Now().Add(15 * time.Second)
	for text := strings.Repeat("x", 16000); followers() == 2; {
		if time.Now().After(deadline) {
			t.Fatal("the stuck watch was not dropped")
		}
		addEvents(t, c, "big", text, 100)
	}
	report(t, c, "t", 7)
	readUntil(t, idle, idleIn, "task.progress")
}

// readUntil reads until text comes, for 5 s at most.
func readUntil(t *testing.T, conn net.Conn, in *bufio.Reader, text string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for !strings.Contains(seen.String(), text) {
		b, err := in.ReadByte()
		if err != nil {
			t.Fatalf("no %q: %v after %q", text, err, seen.String())
		}
		seen.WriteByte(b)
	}
}

// A peer that is silent with a watch open is pinged, and dropped.
func TestASilentPeerIsDropped(t *testing.T) {
	s, _ := start(t, stuckConfig(func(c *rpc.Config) { c.SendPingTimeout, c.PingTimeout = 100*time.Millisecond, 100*time.Millisecond }))
	p := dial(t, s.Addr)
	p.watch(1, "t")
	p.await("ping", func(f http2.Frame) bool {
		ping, ok := f.(*http2.PingFrame)
		return ok && !ping.IsAck()
	})
	for {
		if _, err := p.ReadFrame(); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection was not closed")
			}
			return
		}
	}
}

func TestSettingsAreSent(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	p := dial(t, s.Addr)
	p.await("settings", func(f http2.Frame) bool {
		settings, ok := f.(*http2.SettingsFrame)
		if !ok || settings.IsAck() {
			return false
		}
		for id, want := range map[http2.SettingID]uint32{
			http2.SettingMaxConcurrentStreams: 1000, http2.SettingInitialWindowSize: 64 << 10, http2.SettingMaxHeaderListSize: 16<<10 + 320,
		} {
			if got, _ := settings.Value(id); got != want {
				t.Errorf("%v is %d, want %d", id, got, want)
			}
		}
		return true
	})
}

func TestTooManyStreamsAreRefused(t *testing.T) {
	s, _ := start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.MaxConcurrentStreams = 2 }})
	p := dial(t, s.Addr)
	p.watch(1, "t")
	p.watch(3, "t")
	p.watch(5, "t")
	p.await("refusal of the third", func(f http2.Frame) bool {
		rst, ok := f.(*http2.RSTStreamFrame)
		return ok && rst.StreamID == 5 && rst.ErrCode == http2.ErrCodeRefusedStream
	})
}

// A request whose body does not come is not waited for.
func TestABodyThatDoesNotComeIsGivenUp(t *testing.T) {
	s, _ := start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.UnaryTimeout = 200 * time.Millisecond }})
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", taskv1connect.TaskServiceGetByIdProcedure)
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the request is still waited for")
	}

	p := dial(t, s.Addr)
	p.open(1, [2]string{":path", taskv1connect.TaskServiceGetByIdProcedure}, [2]string{"content-type", "application/json"})
	p.await("end of the stream", func(f http2.Frame) bool {
		return f.Header().StreamID == 1 && (f.Header().Type == http2.FrameRSTStream || f.Header().Flags.Has(http2.FlagDataEndStream))
	})
}

// Headers beyond 16 KiB are refused before they are kept.
func TestLargeHeadersAreRefused(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+taskv1connect.TaskServiceGetByIdProcedure, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	res, err := s.HTTPClient(false).Do(req)
	if err != nil {
		return // the connection was cut, which is a refusal too
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

// No more connections than the limit are open at once.
func TestConnectionsAreLimited(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := rpc.Limit(inner, 1)
	defer l.Close()
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Error("a second connection beyond the limit")
	default:
	}
	first.Close()
	(<-accepted).Close()
	if rpc.Limit(inner, 0) != inner {
		t.Error("a limit of 0 is a limit")
	}
}
