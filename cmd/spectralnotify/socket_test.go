package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A server serves sockets beside calls, and tells them when it stops.
func TestSocketsAreToldOfAStop(t *testing.T) {
	s, err := openServer(&console{strings.NewReader(""), io.Discard, io.Discard}, serveFlags{
		Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", StopTimeout: time.Second, MaxEvents: 10, LogLevel: "error",
	}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- s.run(ctx) }()

	at := s.calls.Addr().String()
	socket, _, err := websocket.Dial(t.Context(), "ws://"+at+"/ws/task/t", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow()
	create, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at+"/spectralnotify.task.v1.TaskService/Create", strings.NewReader(`{"taskId":"t"}`))
	if err != nil {
		t.Fatal(err)
	}
	create.Header.Set("Content-Type", "application/json")
	create.Header.Set("Authorization", "Bearer "+s.key.made)
	res, err := http.DefaultClient.Do(create)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if _, text, err := socket.Read(t.Context()); err != nil || !strings.HasPrefix(string(text), `{"type":"event",`) {
		t.Errorf("got %q, %v, want the creation", text, err)
	}
	stop()
	if _, text, err := socket.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("got %q, %v, want the close code 1012", text, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
