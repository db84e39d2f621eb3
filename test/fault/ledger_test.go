package fault

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A page of the ledger that the start does not read is damaged. It is noticed
// when it is read: nothing of it is shown, nothing is written any more, which
// /readyz and the log say, and what else was answered stays right.
func TestDamageOfTheLedgerIsNeverServed(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	h := start(t, binary(t), data)
	ctx := t.Context()
	needle := "a needle in the details"
	hay := strings.Repeat("hay", 2000) // so that it stands on a page of its own
	check(t, h.call(ctx, "Create", map[string]any{"taskId": "ill", "metadata": map[string]any{"text": hay + needle + hay}}, nil))
	for _, id := range []string{"well", "fine"} {
		check(t, h.call(ctx, "Create", map[string]any{"taskId": id, "metadata": map[string]any{"text": strings.Repeat("x", 8000)}}, nil))
	}
	_, err := h.flush(ctx)
	check(t, err)
	check(t, h.Stop())
	flip(t, filepath.Join(data, "ledger.db"), needle)

	h = start(t, h.binary, data)
	check(t, h.call(ctx, "AddEvent", map[string]any{"taskId": "well", "event": map[string]any{"message": "before"}}, nil))
	damaged := func(what string, err error) {
		t.Helper()
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != "data_loss" || !strings.Contains(e.Message, "the server's ledger is damaged") {
			t.Errorf("%s: %v, want data_loss of the ledger", what, err)
		}
	}
	damaged("reading it", h.call(ctx, "GetById", map[string]any{"taskId": "ill"}, nil))
	damaged("a new task", h.call(ctx, "Create", map[string]any{"taskId": "new"}, nil))
	damaged("an event", h.call(ctx, "AddEvent", map[string]any{"taskId": "well", "event": map[string]any{"message": "after"}}, nil))
	for id, n := range map[string]int{"well": 2, "fine": 1} {
		var got struct{ Task wire.Task }
		texts, err := h.history(ctx, id)
		if err := errors.Join(err, h.call(ctx, "GetById", map[string]any{"taskId": id}, &got)); err != nil || len(texts) != n || got.Task.Sequence != int64(n) {
			t.Errorf("%s has %d events, sequence %d, %v; want %d", id, len(texts), got.Task.Sequence, err, n)
		}
	}
	if status, text := readyz(t, h); status != http.StatusServiceUnavailable || !strings.Contains(text, "the ledger is damaged") {
		t.Errorf("/readyz says %d %q", status, text)
	}
	if n := strings.Count(h.Log(), "the ledger is damaged: from now on nothing is written"); n != 1 {
		t.Errorf("the log says so %d times:\n%s", n, h.Log())
	}
	check(t, h.Stop())
	out, err := exec.CommandContext(ctx, h.binary, "doctor", "--data-dir", data).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("by its checksum")) {
		t.Errorf("doctor: %v\n%s", err, out)
	}
}

func readyz(t *testing.T, h *house) (status int, text string) {
	t.Helper()
	resp, err := http.Get(h.Process.URL() + "/readyz")
	check(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(t, err)
	return resp.StatusCode, string(body)
}

// flip flips a bit wherever a text stands in a file.
func flip(t *testing.T, path, text string) {
	t.Helper()
	image, err := os.ReadFile(path)
	check(t, err)
	other := []byte(text)
	other[0] ^= 1
	if !bytes.Contains(image, []byte(text)) {
		t.Fatalf("%s does not hold %q", path, text)
	}
	check(t, os.WriteFile(path, bytes.ReplaceAll(image, []byte(text), other), 0o600))
}
