package ws_test

import (
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// A task whose file is damaged is followed like any other; its snapshot says
// that events are missing.
func TestASnapshotOfADamagedFileSaysSo(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.create("t")
	h.report("t", 1)
	_, err := h.Host.Flush(t.Context())
	h.must(err)
	h.SpoilFile(1)
	p := h.dial("t", "snapshot=1")
	if m := p.expect("snapshot", 2); len(m.Events) != 0 || !strings.Contains(m.text, `"historyUnavailable":true`) {
		t.Errorf("it begins with %s", m.text)
	}
	h.report("t", 2)
	p.expect("progress", 3)
	if m := h.dial("t", "snapshot=1").expect("snapshot", 3); len(m.Events) != 1 || !strings.Contains(m.text, `"historyUnavailable":true`) {
		t.Errorf("later it begins with %s", m.text)
	}
}
