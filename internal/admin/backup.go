package admin

import (
	"context"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	"github.com/spectralnotify/spectralnotify/internal/backup"
)

// tellEvery is how long the operator waits for news of a backup.
const tellEvery = 200 * time.Millisecond

// Backup implements AdminService. It goes on at its own pace: news that the
// operator is too slow for is left out.
func (d *door) Backup(ctx context.Context, req *adminv1.BackupRequest, stream *connect.ServerStream[adminv1.BackupResponse]) error {
	news := make(chan backup.Progress, 1)
	var made backup.Manifest
	var err error
	go func() {
		defer close(news)
		made, err = d.cfg.Backup(ctx, req.GetDir(), replacing(news))
	}()
	pace := time.NewTicker(tellEvery)
	defer pace.Stop()
	for range pace.C {
		p, more := <-news
		if !more {
			break
		}
		_ = stream.Send(&adminv1.BackupResponse{ // one that is gone has ended ctx
			LedgerBytes: p.LedgerBytes, LedgerBytesTotal: p.LedgerBytesTotal, Objects: p.Objects, ObjectsTotal: p.ObjectsTotal,
		})
	}
	if err != nil {
		return d.tell("Backup", err)
	}
	d.cfg.Log.Info("a backup was taken", "dir", req.GetDir(), "lsn", made.LSN, "objects", made.Objects, "files", made.Files, "bytes", made.Bytes)
	return stream.Send(&adminv1.BackupResponse{Done: &adminv1.BackupSummary{
		Objects: made.Objects, Files: made.Files, Bytes: made.Bytes, Lsn: made.LSN,
	}})
}

// replacing returns a function that puts news into a channel of one, in the
// place of what nobody has read. One goroutine at a time calls it.
func replacing(news chan backup.Progress) func(backup.Progress) {
	return func(p backup.Progress) {
		select {
		case <-news:
		default:
		}
		news <- p
	}
}
