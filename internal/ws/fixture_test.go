package ws_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/coder/websocket"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/ws"
)

// A house is a server with the door of sockets.
type house struct {
	*rpctest.Server
	taskv1connect.TaskServiceClient

	t     testing.TB
	door  *ws.Door
	class string // whose sockets are dialled; "task" unless changed
}

// start serves; change may change the door's configuration.
func start(t testing.TB, cfg rpctest.Config, change func(*ws.Config)) *house {
	t.Helper()
	h := &house{t: t, class: "task"}
	cfg.Doors = func(s *rpctest.Server, c *rpc.Config) map[string]http.Handler {
		wc := ws.Config{Classes: []ws.Class{ws.Tasks(s.Service), ws.Counters(s.Counters)}, Gate: c.Gate, Now: c.Now, Log: cfg.Log, HomeOnly: c.HomeOnly, Origins: c.Origins}
		if change != nil {
			change(&wc)
		}
		var err error
		if h.door, err = ws.New(wc); err != nil {
			t.Fatal(err)
		}
		return h.door.Handlers()
	}
	h.Server = rpctest.Start(t, cfg)
	h.TaskServiceClient = h.Client(h.Key)
	t.Cleanup(h.stop)
	return h
}

// stop stops the house in order: the sockets first.
func (h *house) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	h.Drain()
	h.door.Close(ctx)
	h.Stop()
}

func (h *house) create(id string) {
	h.t.Helper()
	_, err := h.Create(h.t.Context(), &taskv1.CreateRequest{TaskId: id})
	h.must(err)
}

func (h *house) report(id string, progress int32) {
	h.t.Helper()
	_, err := h.UpdateProgress(h.t.Context(), &taskv1.UpdateProgressRequest{TaskId: id, Progress: progress})
	h.must(err)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// A peer is the other end of a socket.
type peer struct {
	*websocket.Conn
	t testing.TB
}

// message is what a peer got.
type message struct {
	text string

	Type     string
	TaskID   string // of a task
	Name     string // of a counter
	Sequence int64
	Cursor   string
	Message  string
	Task     *struct {
		TaskID   string
		Status   string
		Progress int
		Metadata string
	}
	Events []struct{ ID int64 }
}

// url returns where the socket of an object is; query may be empty.
func (h *house) url(id, query string) string {
	u := "ws://" + h.Addr + "/ws/" + h.class + "/" + url.PathEscape(id)
	if query != "" {
		u += "?" + query
	}
	return u
}

// dial opens a socket. When it returns, the task is being followed.
func (h *house) dial(id, query string) *peer {
	h.t.Helper()
	p, res, err := h.try(id, query, nil)
	if err != nil {
		h.t.Fatalf("dial %q %q: %v %v", id, query, err, res)
	}
	return p
}

func (h *house) try(id, query string, opts *websocket.DialOptions) (*peer, *http.Response, error) {
	h.t.Helper()
	c, res, err := websocket.Dial(h.t.Context(), h.url(id, query), opts)
	if err != nil {
		return nil, res, err
	}
	c.SetReadLimit(-1)
	h.t.Cleanup(func() { _ = c.CloseNow() })
	return &peer{c, h.t}, res, nil
}

// read returns the next text, or why there is none.
func (p *peer) read() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, data, err := p.Read(ctx)
	return string(data), err
}

// receive returns the next message.
func (p *peer) receive() message {
	p.t.Helper()
	text, err := p.read()
	if err != nil {
		p.t.Fatalf("no message: %v", err)
	}
	return decode(p.t, text)
}

func decode(t testing.TB, text string) message {
	t.Helper()
	m := message{text: text}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%q is not JSON: %v", text, err)
	}
	return m
}

// expect receives a message of a type and a sequence.
func (p *peer) expect(kind string, sequence int64) message {
	p.t.Helper()
	m := p.receive()
	if m.Type != kind || m.Sequence != sequence || m.TaskID+m.Name == "" {
		p.t.Fatalf("got %s, want a %s at %d", m.text, kind, sequence)
	}
	return m
}

// say sends a text.
func (p *peer) say(text string) {
	p.t.Helper()
	if err := p.Write(p.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// gone waits for the end of the connection and checks its code.
func (p *peer) gone(code websocket.StatusCode) {
	p.t.Helper()
	text, err := p.read()
	if err == nil || websocket.CloseStatus(err) != code {
		p.t.Errorf("got %q, %v, want the close code %d", text, err, code)
	}
}

var (
	times   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)
	cursors = regexp.MustCompile(`"cursor":"[0-9A-Za-z]+\.[0-9a-z]+\.[0-9a-z]+"`)
)

// plain returns a text without what differs from run to run.
func plain(text string) string {
	return cursors.ReplaceAllString(times.ReplaceAllString(text, `"T"`), `"cursor":"C"`)
}
