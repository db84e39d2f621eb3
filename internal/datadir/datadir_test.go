package datadir_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

// The second process of the lock tests: it holds a directory until its standard
// input ends.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DATADIR_TEST_HOLD"); dir != "" {
		hold(dir)
		return
	}
	os.Exit(m.Run())
}

func hold(dir string) {
	l, err := datadir.Dir(dir).Hold()
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	l.Say(datadir.Holder{PID: os.Getpid(), Addr: "127.0.0.1:1", Admin: "127.0.0.1:2"})
	os.Stdout.WriteString("held\n")
	os.Stdin.Read(make([]byte, 1))
	os.Exit(0) // without Close, as a crash does
}

func TestMakeClosesTheDirectoryToOthers(t *testing.T) {
	loose := filepath.Join(t.TempDir(), "loose")
	if err := os.Mkdir(loose, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{loose, filepath.Join(t.TempDir(), "a", "b")} {
		if err := datadir.Dir(path).Make(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o700 {
			t.Errorf("%s has mode %v, want 0700", path, got)
		}
	}
}

func TestMakeRefusesADirectoryThatIsNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := datadir.Dir(path).Make()
	if err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Fatalf("got %v, want a refusal that names what is there", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o755 {
		t.Errorf("the refused directory was changed to %v", got)
	}
}

func TestASecondHolderIsRefusedAndToldWhoHolds(t *testing.T) {
	d := newDir(t)
	l, err := d.Hold()
	if err != nil {
		t.Fatal(err)
	}
	want := datadir.Holder{PID: os.Getpid(), Addr: "127.0.0.1:8094", Admin: "127.0.0.1:9"}
	if err := l.Say(want); err != nil {
		t.Fatal(err)
	}
	_, err = d.Hold()
	var held *datadir.HeldError
	if !errors.As(err, &held) || held.Holder != want {
		t.Fatalf("got %v, want a refusal naming %+v", err, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Holder(); ok {
		t.Error("a closed lock still names a holder")
	}
	again, err := d.Hold()
	if err != nil {
		t.Fatalf("a directory that was given back is refused: %v", err)
	}
	again.Close()
}

// The mutant of the lock: without flock the second holder is not refused.
func TestWithoutFlockTwoHold(t *testing.T) {
	datadir.WithoutFlock(t)
	d := newDir(t)
	for range 2 {
		l, err := d.Hold()
		if err != nil {
			t.Fatalf("the test of the lock would not notice that it is missing: %v", err)
		}
		defer l.Close()
	}
}

func TestADeadProcessHoldsNothing(t *testing.T) {
	d := newDir(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DATADIR_TEST_HOLD="+string(d))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 5)
	if _, err := out.Read(line); err != nil || string(line) != "held\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	_, err = d.Hold()
	var held *datadir.HeldError
	if !errors.As(err, &held) || held.Holder.PID != cmd.Process.Pid || held.Holder.Admin != "127.0.0.1:2" {
		t.Fatalf("got %v, want a refusal naming process %d", err, cmd.Process.Pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	in.Close()
	if h, ok := d.Holder(); !ok || h.PID != cmd.Process.Pid {
		t.Errorf("the dead holder is not named any more: %+v", h)
	}
	l, err := d.Hold()
	if err != nil {
		t.Fatalf("a dead process still holds the directory: %v", err)
	}
	l.Close()
}

func TestTheAdminKeyIsForItsOwnerAlone(t *testing.T) {
	d := newDir(t)
	if _, err := d.ReadAdminKey(); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want no such file", err)
	}
	for _, key := range []string{"first", "second"} {
		if err := d.WriteAdminKey(key); err != nil {
			t.Fatal(err)
		}
		got, err := d.ReadAdminKey()
		if err != nil || got != key {
			t.Fatalf("read %q, %v, want %q", got, err, key)
		}
	}
	for path, want := range map[string]os.FileMode{d.Secrets(): 0o700, d.AdminKey(): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
	}
}

func newDir(t *testing.T) datadir.Dir {
	t.Helper()
	d := datadir.Dir(filepath.Join(t.TempDir(), "data"))
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	return d
}

// A new ledger would make strangers of all files.
func TestMakeRefusesADirectoryThatLostItsLedger(t *testing.T) {
	d := datadir.Dir(t.TempDir())
	if err := errors.Join(d.Make(), os.MkdirAll(d.Objects(), 0o700), os.WriteFile(d.LockFile(), nil, 0o600), d.Make()); err != nil {
		t.Fatal("without files:", err)
	}
	if err := os.Mkdir(filepath.Join(d.Objects(), "task"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Make(); !errors.Is(err, datadir.ErrNoLedger) || !strings.Contains(err.Error(), string(d)) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(d.Ledger(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Make(); err != nil {
		t.Error("with its ledger:", err)
	}
	if err := os.Rename(d.Ledger(), filepath.Join(string(d), datadir.BackupLedger)); err != nil {
		t.Fatal(err)
	}
	if err := d.Make(); err == nil || errors.Is(err, datadir.ErrNoLedger) || !strings.Contains(err.Error(), "spectralnotify restore") {
		t.Errorf("a backup: %v", err)
	}
}

func TestADirectoryIsFreshIfNothingButItsLockIsInIt(t *testing.T) {
	d := datadir.Dir(t.TempDir())
	l, err := d.Hold()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := errors.Join(d.Fresh(), os.Mkdir(filepath.Join(string(d), "lost+found"), 0o700), d.Fresh()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(string(d), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Fresh(); !errors.Is(err, os.ErrExist) || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("with a file: %v", err)
	}
}

func TestHoldRefusesARestoreThatDidNotEnd(t *testing.T) {
	d := datadir.Dir(t.TempDir())
	if err := os.WriteFile(d.Restoring(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Hold(); !errors.Is(err, datadir.ErrRestoring) || !strings.Contains(err.Error(), string(d)) {
		t.Errorf("%v", err)
	}
	if err := os.Remove(d.Restoring()); err != nil {
		t.Fatal(err)
	}
	l, err := d.Hold()
	if err != nil {
		t.Fatal("the refusal holds it:", err)
	}
	l.Close()
}
