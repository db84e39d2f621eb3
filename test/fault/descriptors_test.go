package fault

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/test/server"
)

// With 256 descriptors a server keeps thousands of tasks, though strangers open
// more connections than that: each task comes home, and each history is read,
// hundreds at once.
func TestFewDescriptorsAreEnough(t *testing.T) {
	n := *tasks
	if *soak {
		n = 10_000
	}
	most, err := descriptors(t, binary(t), n)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d tasks with ulimit -n 256: at most %d descriptors seen", n, most)
}

// The mutant: connections may take the descriptors that files need.
func TestFewDescriptorsAreNotEnoughForConnectionsAndFiles(t *testing.T) {
	mutant, err := server.BuildMutant(t.TempDir(), server.Mutation{
		File: "cmd/spectralnotify/server.go",
		Old:  "connectionsFor(s.plan.flags.MaxConnections, s.log)",
		New:  "max(s.plan.flags.MaxConnections, 0*connectionsFor(0, s.log))",
	})
	check(t, err)
	if _, err := descriptors(t, mutant, 300); err == nil {
		t.Error("a server that lets connections take all descriptors was not caught")
	} else {
		t.Log("caught:", strings.SplitN(err.Error(), "\n", 2)[0])
	}
}

// descriptors lets n tasks live in a server that has 256 descriptors, and
// returns the most that were open.
func descriptors(t *testing.T, binary string, n int) (most int, err error) {
	h := start(t, binary, t.TempDir(), "sh", "-c", `ulimit -n 256; exec "$0" "$@"`)
	ctx := t.Context()
	look := func() {
		if open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.PID())); err == nil {
			most = max(most, len(open))
		}
	}
	if err := h.call(ctx, "Create", map[string]any{"taskId": "first"}, nil); err != nil { // its connection is there before theirs
		return most, err
	}
	strangers := occupy(t, strings.TrimPrefix(h.Process.URL(), "http://"), 400)
	defer strangers()
	id := func(i int) string { return fmt.Sprint("task-", i) }
	err = each(n, 32, func(i int) error {
		if i%50 == 0 {
			look()
		}
		return h.life(ctx, id(i))
	})
	if err != nil {
		return most, err
	}
	look()
	if _, err := h.flush(ctx); err != nil {
		return most, fmt.Errorf("%w\n%s", err, h.Log())
	}
	look()
	err = each(n, 300, func(i int) error {
		texts, err := h.history(ctx, id(i))
		if err == nil && len(texts) != 4 {
			err = fmt.Errorf("%d events, want 4", len(texts))
		}
		if err != nil {
			return fmt.Errorf("history of %s: %w", id(i), err)
		}
		return nil
	})
	look()
	if err == nil && strings.Contains(h.Log(), "too many open files") {
		err = fmt.Errorf("it ran out of descriptors:\n%s", h.Log())
	}
	strangers()
	if err != nil {
		return most, err
	}
	return most, h.Stop()
}

// life lets a task live: 4 events.
func (h *house) life(ctx context.Context, id string) error {
	for _, call := range []struct {
		method string
		in     map[string]any
	}{
		{"Create", map[string]any{}},
		{"UpdateProgress", map[string]any{"progress": 30}},
		{"AddEvent", map[string]any{"event": map[string]any{"message": "half"}}},
		{"Complete", map[string]any{}},
	} {
		call.in["taskId"] = id
		if err := h.call(ctx, call.method, call.in, nil); err != nil {
			return fmt.Errorf("%s of %s: %w", call.method, id, err)
		}
	}
	return nil
}

// occupy opens connections that say nothing, until the result is called.
func occupy(t *testing.T, addr string, n int) (leave func()) {
	t.Helper()
	var all []net.Conn
	for range n {
		c, err := net.Dial("tcp", addr)
		check(t, err)
		all = append(all, c)
	}
	return func() {
		for _, c := range all {
			c.Close()
		}
		all = nil
	}
}
