package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

// A shy server is unavailable a few times before it answers, and notes the
// headers of every try.
type shy struct {
	taskv1connect.UnimplementedTaskServiceHandler
	mu    sync.Mutex
	away  int
	heads []http.Header
}

func (s *shy) answers(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, _ := connect.CallInfoForHandlerContext(ctx)
	s.heads = append(s.heads, info.RequestHeader())
	if len(s.heads) <= s.away {
		return connect.NewError(connect.CodeUnavailable, context.DeadlineExceeded)
	}
	return nil
}

func (s *shy) Create(ctx context.Context, req *taskv1.CreateRequest) (*taskv1.CreateResponse, error) {
	return &taskv1.CreateResponse{Task: &taskv1.Task{TaskId: req.GetTaskId()}}, s.answers(ctx)
}

func (s *shy) GetById(ctx context.Context, req *taskv1.GetByIdRequest) (*taskv1.GetByIdResponse, error) { //nolint:revive // generated name
	return &taskv1.GetByIdResponse{Task: &taskv1.Task{TaskId: req.GetTaskId()}}, s.answers(ctx)
}

func serveShy(t *testing.T, away int) (*shy, string) {
	t.Helper()
	s := &shy{away: away}
	mux := http.NewServeMux()
	mux.Handle(taskv1connect.NewTaskServiceHandler(s))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return s, server.URL
}

// runIn runs the program and returns its exit code and what it printed.
func runIn(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(args, &console{strings.NewReader(""), &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

func TestAChangeIsTriedAgainWithTheSameKey(t *testing.T) {
	s, base := serveShy(t, 2)
	t.Setenv(envAPIKey, "sn_secret")
	for range 2 {
		if code, _, errs := runIn(t, "task", "create", "a", "--url", base); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
	}
	if len(s.heads) != 4 {
		t.Fatalf("%d tries, want 3 and 1", len(s.heads))
	}
	if !sameKey(s.heads[:3]) {
		t.Error("the tries of one call had different keys, or none")
	}
	if sameKey(s.heads[2:]) {
		t.Error("two calls had the same key")
	}
	if got := s.heads[0].Get("Authorization"); got != "Bearer sn_secret" {
		t.Errorf("Authorization was %q", got)
	}
}

// sameKey reports whether all tries carried one and the same key.
func sameKey(tries []http.Header) bool {
	first := tries[0].Get("Idempotency-Key")
	for _, h := range tries {
		if h.Get("Idempotency-Key") != first || len(first) < 20 {
			return false
		}
	}
	return true
}

// The mutant: a key made anew at every try.
func TestAKeyForEveryTryIsNoticed(t *testing.T) {
	s, base := serveShy(t, 2)
	client := taskv1connect.NewTaskServiceClient(http.DefaultClient, base,
		connect.WithInterceptors(retryUnavailable{}, newKeyEachTry{}))
	if _, err := client.Create(t.Context(), &taskv1.CreateRequest{TaskId: "a"}); err != nil {
		t.Fatal(err)
	}
	if len(s.heads) != 3 || sameKey(s.heads) {
		t.Errorf("the test would not notice it: %v", s.heads)
	}
}

type newKeyEachTry struct{ retryUnavailable }

func (newKeyEachTry) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		req.Header().Set("Idempotency-Key", rand.Text())
		return next(ctx, req)
	}
}

func TestAReadCarriesNoIdempotencyKey(t *testing.T) {
	s, base := serveShy(t, 0)
	if code, _, errs := runIn(t, "task", "get", "a", "--url", base); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	if key := s.heads[0].Get("Idempotency-Key"); key != "" {
		t.Errorf("a read carried the key %q", key)
	}
}

func TestTheAdminKeyGoesToItsOwnServerOnly(t *testing.T) {
	dir := datadir.Dir(filepath.Join(t.TempDir(), "data"))
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	lock, err := dir.Hold()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := lock.Say(datadir.Holder{PID: os.Getpid(), Addr: "127.0.0.1:8094"}); err != nil {
		t.Fatal(err)
	}
	if err := dir.WriteAdminKey("sn_admin"); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"http://127.0.0.1:8094":   "sn_admin",
		"http://localhost:8094":   "sn_admin",
		"https://[::1]:8094":      "sn_admin",
		"http://127.0.0.1:8095":   "",
		"http://127.0.0.1":        "",
		"http://example.com:8094": "",
	} {
		base, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		flags := clientFlags{URL: target, dataFlags: dataFlags{DataDir: string(dir)}}
		if got, err := flags.key(base); err != nil || got != want {
			t.Errorf("%s gets the key %q, %v, want %q", target, got, err, want)
		}
	}

	// Who answers at the address of a server that was killed is somebody else.
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	if err := lock.Say(datadir.Holder{PID: ended.Process.Pid, Addr: "127.0.0.1:8094"}); err != nil {
		t.Fatal(err)
	}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:8094"}
	if got := (clientFlags{dataFlags: dataFlags{DataDir: string(dir)}}).homeKey(base); got != "" {
		t.Errorf("the port of a server that was killed gets the key %q", got)
	}
}

func TestBackOffGrowsToABoundAndVaries(t *testing.T) {
	seen := map[bool]int{}
	for range 100 {
		seen[backOff(1) <= firstWait]++
		seen[backOff(4) > firstWait]++
		for _, n := range []int{7, 60, 1000} {
			if d := backOff(n); d < longWait/2 || d > longWait {
				t.Fatalf("backOff(%d) = %v", n, d)
			}
		}
	}
	if seen[true] != 200 {
		t.Errorf("%d of 200 waits are out of their bounds", seen[false])
	}
	waits := map[time.Duration]bool{}
	for range 20 {
		waits[backOff(50)] = true
	}
	if len(waits) < 10 {
		t.Errorf("20 waits have %d lengths", len(waits))
	}
}
