package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
)

// openTerminal returns both ends of a terminal of a given size.
func openTerminal(t *testing.T, columns, lines uint16) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	number, unlock := uint32(0), uint32(0)
	size := [4]uint16{lines, columns}
	for request, arg := range map[uintptr]unsafe.Pointer{
		syscall.TIOCGPTN:   unsafe.Pointer(&number),
		syscall.TIOCSPTLCK: unsafe.Pointer(&unlock),
		syscall.TIOCSWINSZ: unsafe.Pointer(&size),
	} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(arg)); errno != 0 {
			t.Fatal(errno)
		}
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, program
}

// onTerminal runs the program on a terminal and returns what came onto it.
func onTerminal(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spectralnotify")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	screen, program := openTerminal(t, columns, 20)
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = program, program
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	var all bytes.Buffer
	_, _ = all.ReadFrom(screen) // ends with an error when the program is gone
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, all.String())
	}
	return strings.ReplaceAll(all.String(), "\r\n", "\n")
}

var (
	moves   = regexp.MustCompile(`\x1b\[([0-9]*[AJK]|\?25[lh])|\r`)
	colours = regexp.MustCompile(`\x1b\[[0-9]*m`)
)

func TestTheDemoMovesOnATerminal(t *testing.T) {
	const columns = 70
	got := onTerminal(t, columns, []string{"TERM=xterm", "NO_COLOR="},
		"demo", "--addr", "127.0.0.1:0", "--jobs", "3", "--total", "4", "--speed", "40")
	_, bars, _ := strings.Cut(got, "\x1b[?25l")
	if !strings.HasSuffix(bars, "\x1b[?25h") || strings.Count(bars, "\x1b[J") < 4 {
		t.Fatalf("nothing moves, or the cursor stays hidden:\n%q", got)
	}
	ends := 0
	for _, line := range strings.Split(moves.ReplaceAllString(bars, ""), "\n") {
		text := colours.ReplaceAllString(line, "")
		if w := bar.Width(text); w >= columns {
			t.Errorf("a line has %d columns of %d: %q", w, columns, text)
		}
		if text != line && regexp.MustCompile(` (success|failed|canceled) `).MatchString(text) {
			ends++
		}
	}
	if ends < 4 {
		t.Errorf("%d jobs were seen to end in colour, want 4:\n%s", ends, got)
	}
}

func TestNoColourAndDumbTerminalsAreHonoured(t *testing.T) {
	demo := []string{"demo", "--addr", "127.0.0.1:0", "--jobs", "1", "--total", "1", "--speed", "100"}
	if got := onTerminal(t, 80, []string{"TERM=xterm", "NO_COLOR=1"}, demo...); colours.MatchString(got) || !moves.MatchString(got) {
		t.Errorf("NO_COLOR: want bars without colours:\n%q", got)
	}
	if got := onTerminal(t, 80, []string{"TERM=dumb", "NO_COLOR="}, demo...); moves.MatchString(got) || !strings.Contains(got, "in-progress") {
		t.Errorf("TERM=dumb: want plain lines:\n%q", got)
	}
}

func TestAnExportDoesNotSpoilTheTerminal(t *testing.T) {
	_, terminal := openTerminal(t, 80, 20)
	defer terminal.Close()
	var says bytes.Buffer
	code := run([]string{"task", "export", "film"}, &console{out: terminal, err: &says})
	if code != exitUsage || !strings.Contains(says.String(), "name one with -o FILE") {
		t.Errorf("exit code %d, %q", code, says.String())
	}
}
