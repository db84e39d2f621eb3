package fault

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

var (
	tasks = flag.Int("tasks", 2000, "tasks of the test with few descriptors; 10,000 with -soak")
	soak  = flag.Bool("soak", false, "also what is long, or needs root: a full disk")
)

const key = "test-key-of-the-operator"

// buildDir is where the binary of all tests of the package is built.
var buildDir string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if buildDir, err = os.MkdirTemp("", "fault"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) { return server.Build(buildDir) })

func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	check(t, err)
	return path
}

// A house is a server under test and one who calls it.
type house struct {
	*server.Process
	wire.Client
	binary, dir string
}

// start starts a server on a directory; wrap may be nil.
func start(t *testing.T, binary, dir string, wrap ...string) *house {
	t.Helper()
	addr, err := server.FreeAddr()
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p, err := server.Start(ctx, server.Config{Binary: binary, Dir: dir, Addr: addr, Key: key, Wrap: wrap})
	check(t, err)
	t.Cleanup(func() { _ = p.Kill() })
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true) // one connection for all calls
	t.Cleanup(transport.CloseIdleConnections)
	return &house{p, wire.Client{URL: p.URL(), Key: key, HTTP: &http.Client{Transport: transport}}, binary, dir}
}

// call makes a call, with a deadline.
func (h *house) call(ctx context.Context, method string, in map[string]any, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, err := h.Call(ctx, method, "", in, out)
	return err
}

// history returns the numbers and texts of a task's events, oldest first.
func (h *house) history(ctx context.Context, id string) (texts []string, err error) {
	for {
		var page struct{ Events []wire.Event }
		in := map[string]any{"taskId": id, "afterSequence": strconv.Itoa(len(texts)), "limit": 1000}
		if err := h.call(ctx, "GetHistory", in, &page); err != nil || len(page.Events) == 0 {
			return texts, err
		}
		for _, e := range page.Events {
			if e.ID != int64(len(texts))+1 {
				return nil, fmt.Errorf("event %d comes after %d", e.ID, len(texts))
			}
			texts = append(texts, e.Message)
		}
	}
}

// flush asks for all tasks to be written home, and returns how many were.
func (h *house) flush(ctx context.Context) (objects int, err error) {
	cmd := exec.CommandContext(ctx, h.binary, "flush", "--data-dir", h.dir, "--output", "json")
	cmd.Env = append(os.Environ(), "SPECTRALNOTIFY_API_KEY="+key)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("flush: %w\n%s", err, out)
	}
	var done struct {
		Objects int `json:"tasks,string"`
	}
	if err := json.Unmarshal(out, &done); err != nil {
		return 0, fmt.Errorf("flush printed %q: %w", out, err)
	}
	return done.Objects, nil
}

// doctor asks the binary to check the data at rest.
func doctor(t *testing.T, binary, dir string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), binary, "doctor", "--data-dir", dir).CombinedOutput(); err != nil {
		t.Errorf("doctor: %v\n%s", err, out)
	}
}

// each does something for 0 to n-1, by some workers at once, and returns the
// first error.
func each(n, workers int, do func(i int) error) error {
	next := make(chan int)
	done := make(chan error, workers)
	for range workers {
		go func() {
			var first error
			for i := range next {
				if err := do(i); err != nil && first == nil {
					first = err
				}
			}
			done <- first
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	var first error
	for range workers {
		if err := <-done; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
