package rpc

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/patience"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A Class is the calls on one sort of objects. Its proto package is called after
// it, such as spectralnotify.task.v1.
type Class struct {
	service protoreflect.ServiceDescriptor
	handler func(desk, ...connect.HandlerOption) http.Handler
}

// A desk is what the handlers of all classes have in common.
type desk struct {
	log       *slog.Logger
	now       func() time.Time
	heartbeat time.Duration      // silence after which a watch sends one
	patience  *patience.Patience // with followers that leave a message unread: SendQuiet
	unread    time.Duration      // what they have beyond it
}

// classOf returns the class that a call is of, by its full name; "object" if it is
// of none.
func classOf(call string) string {
	_, rest, ok := strings.Cut(call, "spectralnotify.")
	if class, _, more := strings.Cut(rest, "."); ok && more {
		return class
	}
	return "object"
}

// do makes the call that a request asks for, once if it carries a key.
func do[S, E, C any](ctx context.Context, svc *service.Service[S, E, C], req proto.Message, cmd C) (service.Result[S, E], error) {
	info, _ := connect.CallInfoForHandlerContext(ctx)
	once, err := onceOf(info, req)
	if err != nil {
		return service.Result[S, E]{}, err
	}
	r, err := svc.Do(ctx, callerOf(ctx), cmd, once)
	if r.Replayed {
		info.ResponseHeader().Set(replayedHeader, "true")
	}
	return r, err
}

// The headers of calls that happen at most once.
const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
)

// onceOf returns the idempotency key that a call carries, nil for none.
func onceOf(info connect.CallInfo, req proto.Message) (*service.Once, error) {
	key := info.RequestHeader().Get(keyHeader)
	if key == "" && len(info.RequestHeader().Values(keyHeader)) == 0 {
		return nil, nil
	}
	if key == "" || len(key) > 128 || !auth.Printable(key) {
		return nil, rule.Invalid(keyHeader, "must be 1 to 128 printable ASCII characters")
	}
	canonical, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return nil, err
	}
	return &service.Once{Method: info.Spec().Procedure, Key: key, Request: sha256.Sum256(canonical)}, nil
}
