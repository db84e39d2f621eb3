package once

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

const adminKey = "once-admin-key"

// A stand is a server and a client that keeps no connection, so that nothing but
// the test makes a call again.
type stand struct {
	ctx     context.Context
	config  server.Config
	process *server.Process
	client  *wire.Client
}

func newStand(t *testing.T, binary string) *stand {
	t.Helper()
	addr, err := server.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s := &stand{
		ctx: ctx, config: server.Config{Binary: binary, Dir: t.TempDir(), Addr: addr, Key: adminKey},
		client: client("http://" + addr),
	}
	if s.process, err = server.Start(ctx, s.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.process.Kill() })
	return s
}

func client(url string) *wire.Client {
	return &wire.Client{URL: url, Key: adminKey, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// A call is one that may be made again.
type call struct {
	method, key string
	fields      map[string]any
}

func (s *stand) make(c call) (answer wire.Answer, replayed bool, err error) {
	replayed, err = s.client.Call(s.ctx, c.method, c.key, c.fields, &answer)
	return answer, replayed, err
}

// first makes a call that must succeed, and not as a replay.
func (s *stand) first(c call) (wire.Answer, error) {
	answer, replayed, err := s.make(c)
	if err != nil || replayed {
		return answer, fmt.Errorf("%s: replayed %v, %w", c.method, replayed, err)
	}
	return answer, nil
}

// again makes a call that has happened, and holds its answer against the first.
func (s *stand) again(c call, first wire.Answer) error {
	answer, replayed, err := s.make(c)
	switch {
	case err != nil:
		return fmt.Errorf("%s again: %w", c.method, err)
	case !replayed:
		return fmt.Errorf("%s again: it is not told to be a replay", c.method)
	case !reflect.DeepEqual(answer, first):
		return fmt.Errorf("%s again: %+v, first %+v", c.method, answer, first)
	}
	return nil
}

// lose makes a call whose answer does not arrive. If the proxy waits for it, it is
// returned all the same.
func (s *stand) lose(c call, waits bool) (answer wire.Answer, err error) {
	p, err := newProxy(s.config.Addr, waits)
	if err != nil {
		return answer, err
	}
	_, lost := client(p.url()).Call(s.ctx, c.method, c.key, c.fields, nil)
	p.close()
	if wire.Code(lost) != "transport" {
		return answer, fmt.Errorf("%s through the proxy: %v, want none at all", c.method, lost)
	}
	if waits {
		return answer, json.Unmarshal(<-p.answers, &answer)
	}
	return answer, nil
}

// restart ends the process, by kill -9 or in peace, and starts it again.
func (s *stand) restart(end func(*server.Process) error) (err error) {
	if err := end(s.process); err != nil {
		return err
	}
	s.process, err = server.Start(s.ctx, s.config)
	return err
}

// messages returns what a task's history says, oldest first.
func (s *stand) messages(task string) (texts []string, err error) {
	var page struct {
		Events []wire.Event `json:"events"`
	}
	_, err = s.client.Call(s.ctx, "GetHistory", "", map[string]any{"taskId": task, "afterSequence": "0", "limit": 100}, &page)
	for _, e := range page.Events {
		texts = append(texts, e.Message)
	}
	return texts, err
}

// says fails unless a task's history is a creation and these messages.
func (s *stand) says(task string, want ...string) error {
	got, err := s.messages(task)
	if err != nil {
		return err
	}
	if len(got) == 0 || fmt.Sprint(got[1:]) != fmt.Sprint(want) {
		return fmt.Errorf("the history of %s is %q, want a creation and %q", task, got, want)
	}
	return nil
}

func create(task string) call {
	return call{"Create", "create " + task, map[string]any{"taskId": task, "metadata": map[string]any{"a": 1}}}
}

func note(task, text string) call {
	return call{"AddEvent", "note " + text, map[string]any{"taskId": task, "event": map[string]any{"message": text}}}
}

func remove(task string) call {
	return call{"Delete", "delete " + task, map[string]any{"taskId": task}}
}
