package admin_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/admin"
	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

type backupFunc = func(context.Context, string, func(backup.Progress)) (backup.Manifest, error)

// backupOf makes backups of a house.
func backupOf(house *rpctest.Server) backupFunc {
	return func(ctx context.Context, dir string, progress func(backup.Progress)) (backup.Manifest, error) {
		return backup.Take(ctx, dir, backup.Source{
			DataDir: house.Dir, Ledger: house.Ledger, Hosts: map[string]backup.Host{"task": house.Host}, Now: time.Now, Progress: progress,
		})
	}
}

// take asks for a backup and returns its messages.
func take(t *testing.T, url, key, dir string) (told []*adminv1.BackupResponse, err error) {
	t.Helper()
	stream, err := client(url).Backup(with(t, "X-API-Key", key), &adminv1.BackupRequest{Dir: dir})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for stream.Receive() {
		told = append(told, stream.Msg())
	}
	return told, stream.Err()
}

func TestBackup(t *testing.T) {
	house := rpctest.Start(t, rpctest.Config{})
	url := serve(t, admin.Config{Host: house.Host, Gate: house.Gate, Backup: backupOf(house)})
	for _, id := range []string{"a", "b"} {
		if _, err := house.Client(house.Key).Create(t.Context(), &taskv1.CreateRequest{TaskId: id}); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "b")
	told, err := take(t, url, house.Key, dir)
	if err != nil || len(told) < 2 {
		t.Fatalf("%v, %v", told, err)
	}
	last := told[len(told)-1].GetDone()
	m, err := backup.ReadManifest(dir)
	if err != nil || last.GetObjects() != 2 || m.Objects != 2 || last.GetLsn() != m.LSN || last.GetBytes() != m.Bytes || last.GetFiles() != m.Files {
		t.Errorf("told %v, made %+v, %v", last, m, err)
	}
	if p := told[len(told)-2]; p.GetLedgerBytes() == 0 || p.GetLedgerBytes() != p.GetLedgerBytesTotal() || p.GetObjectsTotal() != 2 || p.GetDone() != nil {
		t.Errorf("told %v before the end", p)
	}
}

func TestBackupFailures(t *testing.T) {
	house := rpctest.Start(t, rpctest.Config{})
	fails := func(err error) backupFunc {
		return func(context.Context, string, func(backup.Progress)) (backup.Manifest, error) {
			return backup.Manifest{}, err
		}
	}
	real := backupOf(house)
	there := t.TempDir()
	for name, tt := range map[string]struct {
		backup backupFunc
		dir    string
		code   connect.Code
		says   string
	}{
		"no path":          {real, "", connect.CodeInvalidArgument, "absolute path"},
		"a relative path":  {real, "b", connect.CodeInvalidArgument, "absolute path"},
		"no parent":        {real, there + "/none/b", connect.CodeInvalidArgument, "none"},
		"inside":           {real, house.Dir + "/b", connect.CodeInvalidArgument, "inside the data directory"},
		"it exists":        {real, there, connect.CodeAlreadyExists, "exists"},
		"another one runs": {fails(ledger.ErrCopying), "/b", connect.CodeFailedPrecondition, "wait for its end"},
		"a damaged file":   {fails(journal.ErrDamaged), "/b", connect.CodeDataLoss, ""},
		"a full disk":      {fails(errors.New("write /b: no space left")), "/b", connect.CodeInternal, "request id"},
	} {
		url := serve(t, admin.Config{Host: house.Host, Gate: house.Gate, Backup: tt.backup})
		_, err := take(t, url, house.Key, tt.dir)
		if connect.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %v and %q", name, err, tt.code, tt.says)
		}
	}
}

// A backup whose operator leaves ends, and leaves nothing.
func TestABackupEndsWithItsCaller(t *testing.T) {
	house := rpctest.Start(t, rpctest.Config{})
	base := t.TempDir()
	ended := make(chan error, 1)
	url := serve(t, admin.Config{Host: house.Host, Gate: house.Gate, Backup: func(ctx context.Context, dir string, progress func(backup.Progress)) (backup.Manifest, error) {
		progress(backup.Progress{LedgerBytes: 1})
		<-ctx.Done()
		m, err := backupOf(house)(ctx, dir, progress)
		ended <- err
		return m, err
	}})
	ctx, leave := context.WithCancel(with(t, "X-API-Key", house.Key))
	stream, err := client(url).Backup(ctx, &adminv1.BackupRequest{Dir: base + "/b"})
	if err != nil || !stream.Receive() {
		t.Fatal(err, stream.Err())
	}
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(base); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
