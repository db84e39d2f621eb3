package readme

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
)

const (
	root    = "../.."
	program = "go run ./cmd/spectralnotify"
	port    = "127.0.0.1:8094"
	// patience is for a machine that has other things to do.
	patience = 30 * time.Second
)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A reader follows the README with a built binary, on a port of his own, in an
// empty directory.
type reader struct {
	t      *testing.T
	dir    string
	binary string
	addr   string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the README's lines need %s; install it (Debian: apt-get install %s)", tool, tool)
		}
	}
	r := &reader{t: t, dir: t.TempDir()}
	var err error
	if r.binary, err = server.Build(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if r.addr, err = server.FreeAddr(); err != nil {
		t.Fatal(err)
	}
	return r
}

// command is what the reader types for some lines of the README.
func (r *reader) command(ctx context.Context, script string) *exec.Cmd {
	script = strings.NewReplacer(program, r.binary, port, r.addr).Replace(script)
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "SPECTRALNOTIFY_ADDR="+r.addr, "SPECTRALNOTIFY_URL=http://"+r.addr)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// serve runs the README's line that starts the server, until the test ends.
func (r *reader) serve(script string) {
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	r.t.Cleanup(cancel)
	cmd := r.command(context.Background(), "exec "+script)
	line := newWaiter(r.addr)
	cmd.Stdout, cmd.Stderr = line, line
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			r.t.Errorf("%s ended with %v\n%s", script, err, line)
		}
	})
	if !line.wait(ctx) {
		r.t.Fatalf("%s does not say that it serves on %s:\n%s", script, r.addr, line)
	}
}

// Every line of the README works as printed.
func TestTheReadme(t *testing.T) {
	r := newReader(t)
	// Variables stay from block to block, as in the reader's terminal.
	var said strings.Builder
	blocks := Blocks(page(t, "README.md"))
	ran := 0
	for i, b := range blocks {
		text := strings.TrimSpace(b.Text)
		switch {
		case b.Lang != "sh", text == program+" demo", strings.Contains(text, "-modfile=tools/go.mod"):
			continue // these have tests of their own
		case text == program+" serve":
			r.serve(text)
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := r.command(ctx, said.String()+text)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		cancel()
		if err != nil {
			t.Fatalf("README.md:%d: %v\n%s\n%s", b.Line, err, out, stderr.String())
		}
		if i+1 < len(blocks) && blocks[i+1].Lang == "json" {
			if err := Match(blocks[i+1].Text, string(out)); err != nil {
				t.Errorf("README.md:%d: %v", blocks[i+1].Line, err)
			}
		}
		said.WriteString(settings(text))
		ran++
	}
	if ran < 6 {
		t.Errorf("only %d blocks ran: a README without commands proves nothing", ran)
	}
}

// settings returns the lines of a script that set variables.
func settings(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if name, _, ok := strings.Cut(line, "="); ok && name == strings.ToUpper(name) && !strings.ContainsAny(name, " -'") {
			b.WriteString(strings.TrimRight(line, "\n") + "\n")
		}
	}
	return b.String()
}

// The first command shows a task that moves, reported by a real program, and
// ends when it is told to.
func TestTheFirstCommand(t *testing.T) {
	if !strings.Contains(page(t, "README.md"), "```sh\n"+program+" demo\n```") {
		t.Fatalf("the README does not tell to run %s demo", program)
	}
	r := newReader(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	moved := newWaiter("%")
	cmd := r.command(ctx, "exec "+program+" demo")
	cmd.Stdout, cmd.Stderr = moved, moved
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !moved.wait(ctx) {
		t.Errorf("the demo shows no progress:\n%s", moved)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v\n%s", err, moved)
	}
}

// The second command is what CI runs.
func TestTheSecondCommand(t *testing.T) {
	const command = "go tool -modfile=tools/go.mod task"
	if !strings.Contains(page(t, "README.md"), "```sh\n"+command+"\n```") {
		t.Errorf("the README does not tell to run %s", command)
	}
	if !strings.Contains(page(t, ".ci/run"), "\nexec "+command+" ") {
		t.Errorf(".ci/run does not run %s", command)
	}
}
