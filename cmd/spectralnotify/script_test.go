package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"spectralnotify": main})
}

// The scripts read like pages of a manual. Beside the usual commands they have
//
//	serve [FLAGS]          start a server and wait until it is ready; again: at the same address
//	stop-server            end it by SIGINT; it must exit with code 0
//	kill-server            end it by SIGKILL
//	hang                   begin a call to the server and never finish it
//	start NAME ARGS        start spectralnotify ARGS in the background
//	until NAME REGEXP      wait until what it printed matches
//	interrupt NAME         send it SIGINT
//	ends NAME CODE         wait until it ends, with this exit code; its output is in NAME.out and NAME.err
//	exits CODE ARGS        run spectralnotify ARGS, which must end with this exit code
//	damage FILE OLD NEW    replace bytes of a file by others, as a bad disk does
//	each-once FILE N       a watch in FILE showed each of the events 1 to N once
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SPECTRALNOTIFY_DATA_DIR", "data")
			env.Setenv("NO_COLOR", "1")
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // with -race, each of many commands would sleep a second
			env.Values["processes"] = map[string]*process{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": func(ts *testscript.TestScript, _ bool, args []string) {
				addr := ts.Getenv("ADDR")
				if addr == "" {
					addr = "127.0.0.1:0"
				}
				p := start(ts, "server", append([]string{"serve", "--addr", addr}, args...))
				ready := p.until(ts, `ready at (https?)://([0-9.:]+) `)
				ts.Setenv("ADDR", ready[2])
				ts.Setenv("SPECTRALNOTIFY_URL", ready[1]+"://"+ready[2])
			},
			"stop-server": func(ts *testscript.TestScript, _ bool, _ []string) {
				p := running(ts, "server")
				p.signal(ts, syscall.SIGINT)
				p.ends(ts, 0)
			},
			"kill-server": func(ts *testscript.TestScript, _ bool, _ []string) {
				p := running(ts, "server")
				p.signal(ts, syscall.SIGKILL)
				<-p.done
			},
			"start": func(ts *testscript.TestScript, _ bool, args []string) { start(ts, args[0], args[1:]) },
			"until": func(ts *testscript.TestScript, _ bool, args []string) { running(ts, args[0]).until(ts, args[1]) },
			"interrupt": func(ts *testscript.TestScript, _ bool, args []string) {
				running(ts, args[0]).signal(ts, syscall.SIGINT)
			},
			"ends": func(ts *testscript.TestScript, _ bool, args []string) {
				running(ts, args[0]).ends(ts, number(ts, args[1]))
			},
			"exits":     exits,
			"hang":      hang,
			"damage":    damage,
			"each-once": eachOnce,
		},
	})
}

// A process is one that a script started.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu   sync.Mutex
	more *sync.Cond // signals on mu that something was printed, or that it ended
	out  bytes.Buffer
	err  bytes.Buffer
	over bool
}

// A sink is one of a process's outputs.
type sink struct {
	p  *process
	to *bytes.Buffer
}

func (s sink) Write(text []byte) (int, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	defer s.p.more.Broadcast()
	return s.to.Write(text)
}

func start(ts *testscript.TestScript, name string, args []string) *process {
	path, err := exec.LookPath("spectralnotify")
	ts.Check(err)
	p := &process{name: name, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	p.cmd.Stdout, p.cmd.Stderr = sink{p, &p.out}, sink{p, &p.err}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = environ(ts)
	ts.Check(p.cmd.Start())
	ts.Defer(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.done
	})
	go func() {
		_ = p.cmd.Wait() // ends reads the exit code
		p.mu.Lock()
		p.over = true
		p.more.Broadcast()
		p.mu.Unlock()
		close(p.done)
	}()
	ts.Value("processes").(map[string]*process)[name] = p
	return p
}

// environ is the script's environment.
func environ(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TZ", "NO_COLOR", "GORACE", "GOCOVERDIR"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	for _, name := range knownEnv() {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func running(ts *testscript.TestScript, name string) *process {
	p := ts.Value("processes").(map[string]*process)[name]
	if p == nil {
		ts.Fatalf("nothing was started as %s", name)
	}
	return p
}

// until waits until what was printed matches, and returns the match.
func (p *process) until(ts *testscript.TestScript, pattern string) []string {
	re := regexp.MustCompile("(?m)" + pattern)
	late := false
	timer := time.AfterFunc(20*time.Second, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.more.Broadcast()
	})
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if match := re.FindStringSubmatch(p.out.String() + p.err.String()); match != nil {
			return match
		}
		if p.over || late {
			ts.Fatalf("%s never printed %q (ended: %v)\n%s%s", p.name, pattern, p.over, p.out.String(), p.err.String())
		}
		p.more.Wait()
	}
}

func (p *process) signal(ts *testscript.TestScript, s syscall.Signal) {
	ts.Check(p.cmd.Process.Signal(s))
}

func (p *process) ends(ts *testscript.TestScript, code int) {
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		ts.Fatalf("%s does not end\n%s%s", p.name, p.out.String(), p.err.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs(p.name+".out"), p.out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(p.name+".err"), p.err.Bytes(), 0o600))
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		ts.Fatalf("%s ended with exit code %d, want %d\n%s%s", p.name, got, code, p.out.String(), p.err.String())
	}
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("spectralnotify", args[1:]...)
	code := 0
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := number(ts, args[0]); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	if code == exitUsage && strings.Count(ts.ReadFile("stderr"), "\n") != 1 {
		ts.Fatalf("wrong input must end with one line")
	}
}

func hang(ts *testscript.TestScript, _ bool, _ []string) {
	conn, err := net.Dial("tcp", ts.Getenv("ADDR"))
	ts.Check(err)
	ts.Defer(func() { conn.Close() })
	_, err = io.WriteString(conn, "POST /spectralnotify.task.v1.TaskService/GetById HTTP/1.1\r\nHost: localhost\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	ts.Check(err)
	// The server asks for the rest, so the call has begun.
	_, err = io.ReadFull(conn, make([]byte, len("HTTP/1.1 100 Continue")))
	ts.Check(err)
}

func damage(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	if !bytes.Contains(text, []byte(args[1])) || len(args[1]) != len(args[2]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(text, []byte(args[1]), []byte(args[2])), 0o600))
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

// eachOnce checks the JSON lines of a watch.
func eachOnce(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(shownOnce(ts.ReadFile(args[0]), number(ts, args[1])))
}

// shownOnce reports whether the lines of a watch show the events 1 to n, each
// once and in order.
func shownOnce(lines string, n int) error {
	var ids []string
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		var m struct {
			Snapshot struct{ Events []struct{ ID string } }
			Event    struct{ Event struct{ ID string } }
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return err
		}
		for _, e := range m.Snapshot.Events {
			ids = append(ids, e.ID)
		}
		if m.Event.Event.ID != "" {
			ids = append(ids, m.Event.Event.ID)
		}
	}
	for i, id := range ids {
		if id != strconv.Itoa(i+1) {
			return fmt.Errorf("event %s came where %d is due: %v", id, i+1, ids)
		}
	}
	if len(ids) != n {
		return fmt.Errorf("%d events came, want %d: %v", len(ids), n, ids)
	}
	return nil
}

// The mutants of the scripts' check.
func TestShownOnceNoticesWhatIsWrong(t *testing.T) {
	snapshot := `{"taskId":"a","snapshot":{"events":[{"id":"1"},{"id":"2"}]}}` + "\n"
	event := func(id string) string { return `{"taskId":"a","event":{"event":{"id":"` + id + `"}}}` + "\n" }
	if err := shownOnce(snapshot+`{"current":{}}`+"\n"+event("3")+event("4"), 4); err != nil {
		t.Error(err)
	}
	for name, lines := range map[string]string{
		"one is missing":        snapshot + event("4"),
		"one comes twice":       snapshot + event("3") + event("3") + event("4"),
		"the snapshot repeats":  snapshot + event("3") + snapshot + event("4"),
		"the order is wrong":    snapshot + event("4") + event("3"),
		"the last one is lost":  snapshot + event("3"),
		"there is one too many": snapshot + event("3") + event("4") + event("5"),
	} {
		if shownOnce(lines, 4) == nil {
			t.Errorf("%s, and it is not noticed", name)
		}
	}
}
