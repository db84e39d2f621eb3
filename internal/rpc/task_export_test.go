package rpc_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// export returns a task's file, and the size of the largest message.
func export(t *testing.T, s *rpctest.Server, key, id string) (image []byte, largest int, err error) {
	t.Helper()
	stream, err := s.Client(key).Export(t.Context(), &taskv1.ExportRequest{TaskId: id})
	if err != nil {
		return nil, 0, err
	}
	defer stream.Close()
	for stream.Receive() {
		data := stream.Msg().GetData()
		image, largest = append(image, data...), max(largest, len(data))
	}
	return image, largest, stream.Err()
}

// An export is a SQLite database that says what the API says.
func TestAnExportReadsAsTheTask(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "é'\";", Type: "render"}); err != nil {
		t.Fatal(err)
	}
	want := []string{"1|Task created"}
	for i := range 20 {
		var events []*taskv1.NewEvent
		for j := range 100 {
			text := fmt.Sprintf("%d of %d %s", j, i, strings.Repeat("x", 100))
			events = append(events, &taskv1.NewEvent{Message: text})
			want = append(want, fmt.Sprintf("%d|%s", len(want)+1, text))
		}
		if _, err := c.AddEvent(t.Context(), &taskv1.AddEventRequest{TaskId: "é'\";", Events: events}); err != nil {
			t.Fatal(err)
		}
	}
	image, largest, err := export(t, s, s.Key, "é'\";")
	if err != nil || largest != 64<<10 || len(image) < 200<<10 {
		t.Fatalf("%d bytes in messages of up to %d, %v", len(image), largest, err)
	}
	path := filepath.Join(t.TempDir(), "task.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	const query = "SELECT id||'|'||message AS line FROM task_history ORDER BY id"
	db, err := sqlite.Open(sqlite.Config{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer sqlite.CloseAll(db)
	if id, err := sqlite.Text(db, "SELECT task_id FROM task_metadata WHERE status = 'pending' AND type = 'render'"); err != nil || id != "é'\";" {
		t.Errorf("it is of %q, %v", id, err)
	}
	whole, err := sqlite.Text(db, "SELECT group_concat(line, char(10)) FROM ("+query+")")
	if err != nil || whole != strings.Join(want, "\n") {
		t.Errorf("it has other events, %v", err)
	}
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Log("without the sqlite3 shell, which is not here")
		return
	}
	out, err := exec.Command(shell, path, query, "PRAGMA integrity_check").CombinedOutput()
	if err != nil || string(out) != strings.Join(want, "\n")+"\nok\n" {
		t.Errorf("the sqlite3 shell reads %.200s, %v", out, err)
	}
}

func TestWhoMayExport(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	if _, err := s.Client(s.Key).Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, id string
		code    connect.Code
	}{
		"nobody":             {"", "t", connect.CodeUnauthenticated},
		"without the scope":  {s.NewKey(auth.TaskList | auth.TaskWatch), "t", connect.CodePermissionDenied},
		"of no task":         {s.Key, "none", connect.CodeNotFound},
		"of no id":           {s.Key, "", connect.CodeInvalidArgument},
		"with a key to read": {s.NewKey(auth.TaskRead), "t", 0},
	} {
		image, _, err := export(t, s, c.key, c.id)
		if c.code == 0 && (err != nil || !bytes.HasPrefix(image, []byte("SQLite format 3\x00"))) || c.code != 0 && connect.CodeOf(err) != c.code {
			t.Errorf("%s: %d bytes, %v; want %v", name, len(image), err, c.code)
		}
	}
}

// An export that nobody reads holds up nothing: not even the task it is of.
func TestAnExportThatNobodyReadsHoldsUpNothing(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.ClientOver(s.HTTPClient(true), s.Key, connect.WithAcceptCompression("gzip", nil, nil))
	for _, id := range []string{"t", "u"} {
		if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: id}); err != nil {
			t.Fatal(err)
		}
		for range 40 { // 8 MiB: more than HTTP/2 lets a server send unread
			events := make([]*taskv1.NewEvent, 50)
			for i := range events {
				events[i] = &taskv1.NewEvent{Message: strings.Repeat("0123456789abcdef", 256)}
			}
			if _, err := c.AddEvent(t.Context(), &taskv1.AddEventRequest{TaskId: id, Events: events}); err != nil {
				t.Fatal(err)
			}
			if id == "u" {
				break
			}
		}
	}
	stream, err := c.Export(t.Context(), &taskv1.ExportRequest{TaskId: "t"})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	for _, id := range []string{"t", "u"} {
		if _, err := c.UpdateProgress(t.Context(), &taskv1.UpdateProgressRequest{TaskId: id, Progress: 5}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := s.Host.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n := s.Host.Stats().PendingBytes; n != 0 {
		t.Errorf("%d bytes are not home", n)
	}
}
