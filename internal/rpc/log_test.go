package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/validate"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// around makes a call through the interceptor to a handler.
func around(t *testing.T, log *slog.Logger, id string, handler func(context.Context) error) error {
	t.Helper()
	i := &interceptor{log: log, now: time.Now, unary: 10 * time.Second, wait: time.Minute, checks: validate.NewInterceptor()}
	call := i.WrapUnary(func(ctx context.Context, _ connect.AnyRequest) (connect.AnyResponse, error) {
		return connect.NewResponse(&taskv1.GetByIdResponse{}), handler(ctx)
	})
	req := connect.NewRequest(&taskv1.GetByIdRequest{TaskId: "secret-task"})
	req.Header().Set("Authorization", "Bearer secret-key")
	if id != "" {
		req.Header().Set(requestIDHeader, id)
	}
	_, err := call(t.Context(), req)
	return err
}

func TestAPanicIsAnInternalError(t *testing.T) {
	var out strings.Builder
	err := around(t, slog.New(slog.NewTextHandler(&out, nil)), "req-1", func(context.Context) error { panic("nil map in /data/x") })
	if connect.CodeOf(err) != connect.CodeInternal || strings.Contains(err.Error(), "/data") || !strings.Contains(err.Error(), "req-1") {
		t.Errorf("the caller is told %v", err)
	}
	if s := out.String(); !strings.Contains(s, "nil map in /data/x") || !strings.Contains(s, "log_test.go") || !strings.Contains(s, "req-1") {
		t.Errorf("the log says %q", s)
	}
}

func TestAnAbortedHandlerStaysAborted(t *testing.T) {
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			t.Errorf("recovered %v", p)
		}
	}()
	_ = around(t, slog.New(slog.DiscardHandler), "", func(context.Context) error { panic(http.ErrAbortHandler) })
}

func TestTheAccessLine(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_ = around(t, log, "", func(context.Context) error { return context.Canceled })
	if s := out.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "code=canceled") || !strings.Contains(s, "caller=anonymous") {
		t.Errorf("the log says %q", s)
	}
	if strings.Contains(out.String(), "secret") {
		t.Errorf("the log tells a secret: %q", out.String())
	}
}

func TestEveryCallHasADeadline(t *testing.T) {
	var left time.Duration
	err := around(t, slog.New(slog.DiscardHandler), "", func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return nil
	})
	if err != nil || left <= 9*time.Second || left > 10*time.Second {
		t.Errorf("%v left, %v", left, err)
	}
}

// A request id is taken over only if it is short and printable.
func TestRequestIDs(t *testing.T) {
	for id, taken := range map[string]bool{"abc-1": true, "": false, strings.Repeat("x", 65): false, "a\nb": false, "é": false} {
		h := http.Header{requestIDHeader: {id}}
		if got := requestID(h)(); (got == id) != taken || got == "" {
			t.Errorf("%q becomes %q", id, got)
		}
	}
}
