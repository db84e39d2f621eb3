package fault

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A real disk that is full, small as it is: callers are told, reads go on,
// changes resume when there is room, without a restart, and nothing that was
// acknowledged is lost, also after a kill.
func TestAFullDiskIsToldAndPasses(t *testing.T) {
	if !*soak {
		t.Log("not tried: a file system of its own takes root; run with -soak")
		return
	}
	dir := t.TempDir()
	check(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"))
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	check(t, os.WriteFile(ballast, make([]byte, 3<<20), 0o600))
	data := filepath.Join(dir, "data")
	h := start(t, binary(t), data)

	acked := map[string]int{} // :: task → its events
	told := 0
	for i := 0; told < 20; i++ {
		if i == 5000 {
			t.Fatalf("%d calls, and the disk is not full", i)
		}
		done, err := h.grow(t.Context(), fmt.Sprint("task-", i%7), acked)
		switch {
		case wire.Code(err) == "resource_exhausted" && strings.Contains(err.Error(), "full"):
			told++
		case err != nil:
			t.Fatalf("call %d: %v", i, err)
		case !done && told > 0:
			t.Fatal("nothing was done and nothing told")
		}
	}
	h.agrees(t, acked, "while it is full")

	check(t, os.Remove(ballast))
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := h.grow(t.Context(), "task-0", acked)
		if err == nil {
			break
		}
		if wire.Code(err) != "resource_exhausted" || time.Now().After(deadline) {
			t.Fatalf("there is room again, and a change answers %v", err)
		}
	}
	for i := range 20 {
		_, err := h.grow(t.Context(), fmt.Sprint("task-", i%7), acked)
		check(t, err)
	}
	_, err := h.flush(t.Context())
	check(t, err)
	h.agrees(t, acked, "with room again")
	check(t, h.Kill())
	h = start(t, h.binary, data)
	h.agrees(t, acked, "after a kill")
	check(t, h.Stop())
	doctor(t, h.binary, data)
	t.Logf("told %d times; %d tasks agree", told, len(acked))
}

// grow adds 8 KiB to a task, which is created first if it is new.
func (h *house) grow(ctx context.Context, id string, acked map[string]int) (done bool, err error) {
	if acked[id] == 0 {
		err = h.call(ctx, "Create", map[string]any{"taskId": id}, nil)
	} else {
		err = h.call(ctx, "AddEvent", map[string]any{"taskId": id, "event": map[string]any{"message": strings.Repeat("x", 8<<10)}}, nil)
	}
	if err == nil {
		acked[id]++
	}
	return err == nil, err
}

func (h *house) agrees(t *testing.T, acked map[string]int, when string) {
	t.Helper()
	for id, n := range acked {
		var got struct{ Task wire.Task }
		check(t, h.call(t.Context(), "GetById", map[string]any{"taskId": id}, &got))
		texts, err := h.history(t.Context(), id)
		if err != nil || len(texts) != n || got.Task.Sequence != int64(n) {
			t.Errorf("%s %s has %d events, sequence %d, %v; %d were acknowledged", when, id, len(texts), got.Task.Sequence, err, n)
		}
	}
}
