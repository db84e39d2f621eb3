package rpc

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/auth"
)

// An interceptor is around every call that the gate let in: it checks the rules
// of the message, bounds the time, survives a panic, gives failures their words
// and writes a line into the log.
type interceptor struct {
	log    *slog.Logger
	now    func() time.Time
	unary  time.Duration       // the longest a call may take
	wait   time.Duration       // the longest a Wait may take
	checks connect.Interceptor // the rules of the proto files, where quick has none
}

var _ connect.Interceptor = (*interceptor)(nil)

// WrapUnary implements connect.Interceptor.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	checked := i.checks.WrapUnary(next)
	return func(ctx context.Context, req connect.AnyRequest) (res connect.AnyResponse, err error) {
		ctx, cancel := context.WithTimeout(ctx, i.limit(req.Spec()))
		defer cancel()
		start := i.now()
		defer func() { i.leave(ctx, req.Spec(), req.Header(), start, &err, recover()) }()
		known, err := quick(req.Any())
		if err != nil {
			return nil, err
		}
		if known {
			return next(ctx, req)
		}
		return checked(ctx, req)
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	next = i.checks.WrapStreamingHandler(next)
	return func(ctx context.Context, conn connect.StreamingHandlerConn) (err error) {
		start := i.now()
		// In a frame of its own, which a stream does not keep.
		defer func() { i.leave(ctx, conn.Spec(), conn.RequestHeader(), start, &err, recover()) }()
		return next(ctx, conn)
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (i *interceptor) limit(spec connect.Spec) time.Duration {
	if spec.Procedure == taskv1connect.TaskServiceWaitProcedure {
		return i.wait
	}
	return i.unary
}

// leave ends a call that began at start: it turns a panic p into an error, and
// any error into what the caller is told.
func (i *interceptor) leave(ctx context.Context, spec connect.Spec, header http.Header, start time.Time, err *error, p any) {
	if p != nil {
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			panic(p)
		}
		*err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
	}
	if *err != nil {
		*err = answer(brokenRules(*err), i.log, spec.Procedure, requestID(header))
	}
	if !i.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	code := "ok"
	if *err != nil {
		code = connect.CodeOf(*err).String()
	}
	i.log.DebugContext(ctx, "call", "call", spec.Procedure, "code", code, "caller", callerOf(ctx),
		"took", i.now().Sub(start), "request_id", header.Get(requestIDHeader))
}

const requestIDHeader = "X-Request-Id"

// requestID returns a function that names a request: as its caller did, or
// anew.
func requestID(header http.Header) func() string {
	return func() string {
		if id := header.Get(requestIDHeader); id != "" && len(id) <= 64 && auth.Printable(id) {
			return id
		}
		return rand.Text()
	}
}
