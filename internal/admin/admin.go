package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	adminv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1/adminv1connect"
	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A Flusher writes every object home. *object.Host is one.
type Flusher interface {
	Flush(ctx context.Context) (object.Flushed, error)
}

// Config says what the door opens to. Host, Backup and Gate are required.
type Config struct {
	Host Flusher
	Gate *service.Gate

	// Backup makes a backup in a directory, as backup.Take does.
	Backup func(ctx context.Context, dir string, progress func(backup.Progress)) (backup.Manifest, error)

	Log *slog.Logger // if nil, discarded
}

// New returns a server for the private listener, ready for Serve: HTTP/1.1 and
// HTTP/2 without TLS.
func New(cfg Config) (*http.Server, error) {
	if cfg.Host == nil || cfg.Gate == nil || cfg.Backup == nil {
		return nil, errors.New("admin: Config.Host, Config.Backup and Config.Gate are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &door{cfg}
	mux := http.NewServeMux()
	mux.Handle(adminv1connect.NewAdminServiceHandler(d,
		connect.WithReadMaxBytes(64<<10),
		connect.WithRequestGate(d.enter),
	))
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           http.NewCrossOriginProtection().Handler(mux),
		Protocols:         protocols,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}, nil
}

// A door serves AdminService.
type door struct{ cfg Config }

var _ adminv1connect.AdminServiceHandler = (*door)(nil)

// Flush implements AdminService.
func (d *door) Flush(ctx context.Context, _ *adminv1.FlushRequest) (*adminv1.FlushResponse, error) {
	done, err := d.cfg.Host.Flush(ctx)
	if err != nil {
		return nil, d.tell("Flush", err)
	}
	return &adminv1.FlushResponse{Objects: done.Objects, Events: done.Events}, nil
}

// enter lets callers in before their message is read.
func (d *door) enter(ctx context.Context, spec connect.Spec, _ connect.Peer, header http.Header) (context.Context, error) {
	credential, err := auth.Credential(header.Get("Authorization"), header.Get("X-API-Key"))
	if err != nil {
		return nil, failure(connect.CodeUnauthenticated, "UNAUTHENTICATED", err)
	}
	// The gate cannot make a stranger of a caller here: every call needs admin.
	who, err := d.cfg.Gate.Admit(ctx, service.Visit{Method: spec.Procedure, Credential: credential})
	if err == nil {
		d.cfg.Log.Info("admin call", "call", spec.Procedure, "caller", who)
		return nil, nil //nolint:nilnil // the context stays as it is
	}
	return nil, d.tell(spec.Procedure, err)
}

// tell turns a failure into what the operator is told.
func (d *door) tell(call string, err error) error {
	switch {
	case errors.Is(err, service.ErrUnauthenticated):
		return failure(connect.CodeUnauthenticated, "UNAUTHENTICATED", err)
	case errors.Is(err, service.ErrForbidden):
		return failure(connect.CodePermissionDenied, "PERMISSION_DENIED", err)
	case errors.Is(err, backup.ErrDir):
		return failure(connect.CodeInvalidArgument, "INVALID_FIELD", err)
	case errors.Is(err, backup.ErrExists):
		return failure(connect.CodeAlreadyExists, "BACKUP_EXISTS", err)
	case errors.Is(err, ledger.ErrCopying):
		return failure(connect.CodeFailedPrecondition, "BACKUP_RUNNING", errors.New("another backup is under way: wait for its end"))
	case errors.Is(err, journal.ErrDamaged):
		d.cfg.Log.Error("an admin call failed", "call", call, "error", err)
		return failure(connect.CodeDataLoss, "TASK_FILE_CORRUPT", err)
	case errors.Is(err, object.ErrDraining), errors.Is(err, context.Canceled):
		return failure(connect.CodeUnavailable, "DRAINING", errors.New("the server is stopping"))
	case errors.Is(err, context.DeadlineExceeded):
		return failure(connect.CodeDeadlineExceeded, "DEADLINE_EXCEEDED", errors.New("not done in the time the caller gave"))
	}
	id := rand.Text()
	d.cfg.Log.Error("an admin call failed", "call", call, "request_id", id, "error", err)
	return failure(connect.CodeInternal, "INTERNAL", errors.New("internal error; the log has it under request id "+id))
}

func failure(code connect.Code, reason string, err error) error {
	e := connect.NewError(code, err)
	var info proto.Message = &errdetails.ErrorInfo{Reason: reason, Domain: "spectralnotify"}
	if d, err := connect.NewErrorDetail(info); err == nil {
		e.AddDetail(d)
	}
	return e
}
