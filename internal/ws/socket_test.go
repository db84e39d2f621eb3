package ws_test

import (
	"strings"
	"testing"

	"github.com/coder/websocket"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

func TestNothingIsSentOnAttachUnlessAskedFor(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	h.report("t", 10)
	silent, asked := h.dial("t", ""), h.dial("t", "snapshot=1")
	if m := asked.expect("snapshot", 2); m.Task.Progress != 10 || len(m.Events) != 2 {
		t.Errorf("snapshot %s", m.text)
	}
	h.report("t", 20)
	silent.expect("progress", 3)
	asked.expect("progress", 3)
}

func TestASnapshotHasTheNewestEvents(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	for p := range int32(20) {
		h.report("t", p)
	}
	m := h.dial("t", "snapshot=1").expect("snapshot", 21)
	if len(m.Events) != 10 || m.Events[0].ID != 12 || m.Events[9].ID != 21 {
		t.Errorf("events %v", m.Events)
	}
}

func TestASocketThatWaitedGetsEverything(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	early := h.dial("t", "snapshot=1")
	h.create("t")
	var req taskv1.AddEventRequest
	for range 99 {
		req.Events = append(req.Events, &taskv1.NewEvent{Message: "m"})
	}
	req.TaskId = "t"
	for range 4 { // more than a tail holds
		if _, err := h.AddEvent(t.Context(), &req); err != nil {
			t.Fatal(err)
		}
	}
	for i := range int64(397) {
		early.expect("event", i+1)
	}
}

// The end of a task is not the end of the socket, nor is its deletion, nor that
// of the next one.
func TestASocketOutlivesItsTask(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	p := h.dial("t", "")
	for range 3 {
		h.report("t", 1)
		p.expect("progress", 2)
		if _, err := h.Complete(t.Context(), &taskv1.CompleteRequest{TaskId: "t"}); err != nil {
			t.Fatal(err)
		}
		done := p.expect("complete", 3)
		if _, err := h.Delete(t.Context(), &taskv1.DeleteRequest{TaskId: "t"}); err != nil {
			t.Fatal(err)
		}
		if m := p.expect("removed", 3); m.Cursor != done.Cursor || m.Task != nil {
			t.Errorf("removed: %s", m.text)
		}
		h.create("t")
		p.expect("event", 1)
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	p := h.dial("t", "")
	h.report("t", 10)
	at2 := p.expect("progress", 2).Cursor
	h.report("t", 20)
	h.report("t", 30)

	back := h.dial("t", "snapshot=1&cursor="+at2) // nothing to tell whole: it resumes
	back.expect("progress", 3)
	at4 := back.expect("progress", 4).Cursor
	h.report("t", 40)
	h.dial("t", "cursor="+at4).expect("progress", 5)

	epoch, _, _ := strings.Cut(at2, ".")
	for name, cursor := range map[string]string{
		"no cursor of ours":  "rubbish",
		"of other data":      "ANOTHEREPOCH0000.1.1",
		"ahead of the task":  epoch + ".1.zz",
		"of an earlier life": epoch + ".zzz.1",
	} {
		p := h.dial("t", "cursor="+cursor)
		if m := p.expect("reset", 5); m.Task.Progress != 40 || m.Task.TaskID != "t" {
			t.Errorf("%s: %s", name, m.text)
		}
		p.ping()
	}

	if _, err := h.Delete(t.Context(), &taskv1.DeleteRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	away := h.dial("t", "cursor="+at4)
	gone := away.expect("removed", 4).Cursor
	other := h.dial("t", "cursor=ANOTHEREPOCH0000.1.1")
	other.expect("removed", 1)
	h.create("t")
	away.expect("event", 1)
	other.expect("event", 1)
	if m := h.dial("t", "cursor="+gone).expect("reset", 1); m.Task.Status != "pending" {
		t.Errorf("after a new life: %s", m.text)
	}
}

// ping checks that the next thing the peer gets is the answer to a ping.
func (p *peer) ping() {
	p.t.Helper()
	p.say("ping")
	text, err := p.read()
	if err != nil || text != "pong" {
		p.t.Fatalf("got %q, %v, want pong", text, err)
	}
}

// Ids hold what they like; a slash may come as it is.
func TestIdsInThePath(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	for _, id := range []string{"a b", "a/b", "a//b", "../x", "%2F", "ä€😀", "?x=1#y", "+", `"\`, strings.Repeat("x", 256)} {
		p := h.dial(id, "")
		h.create(id)
		if m := p.expect("event", 1); m.TaskID != id || m.Task.TaskID != id {
			t.Errorf("%q came as %s", id, m.text)
		}
	}
	c, _, err := websocket.Dial(t.Context(), "ws://"+h.Addr+"/ws/task/plain/slash", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{c, t}
	h.create("plain/slash")
	p.expect("event", 1)
	p.gonePolitely()
}

// gonePolitely closes the connection.
func (p *peer) gonePolitely() {
	p.t.Helper()
	if err := p.Close(websocket.StatusNormalClosure, ""); err != nil {
		p.t.Error(err)
	}
}

func TestDrainingCloses(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	peers := []*peer{h.dial("t", ""), h.dial("later", "")}
	h.Host.Drain()
	for _, p := range peers {
		p.gone(websocket.StatusServiceRestart)
	}
	if _, res, err := h.try("t", "", nil); err == nil || res.StatusCode != 503 {
		t.Errorf("while draining: %v, %v", res, err)
	}
	h.stop()
}

// After a restart the task is whole, and the cursor goes on.
func TestASocketGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, rpctest.Config{Dir: dir}, nil)
	h.create("t")
	p := h.dial("t", "")
	h.report("t", 10)
	cursor := p.expect("progress", 2).Cursor
	h.report("t", 20)
	h.stop()

	h = start(t, rpctest.Config{Dir: dir}, nil)
	p = h.dial("t", "cursor="+cursor)
	if m := p.expect("progress", 3); m.TaskID != "t" || m.Task.TaskID != "t" || m.Task.Progress != 20 {
		t.Errorf("told %s", m.text)
	}
	h.report("t", 30)
	if m := p.expect("progress", 4); m.TaskID != "t" || m.Task.TaskID != "t" {
		t.Errorf("told %s", m.text)
	}
}
