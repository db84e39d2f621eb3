package admin_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	adminv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1/adminv1connect"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/admin"
	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// serve opens the operator's door of a house and returns its address.
func serve(t *testing.T, cfg admin.Config) string {
	t.Helper()
	if cfg.Backup == nil {
		cfg.Backup = backupOf(nil)
	}
	srv, err := admin.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }() // ends with Close
	t.Cleanup(func() { srv.Close() })
	return "http://" + l.Addr().String()
}

func client(url string) adminv1connect.AdminServiceClient {
	return adminv1connect.NewAdminServiceClient(http.DefaultClient, url)
}

// with returns a context that shows a key.
func with(t *testing.T, header, value string) context.Context {
	ctx, info := connect.NewClientContext(t.Context())
	info.RequestHeader().Set(header, value)
	return ctx
}

func TestFlush(t *testing.T) {
	house := rpctest.Start(t, rpctest.Config{})
	c := client(serve(t, admin.Config{Host: house.Host, Gate: house.Gate}))
	for _, id := range []string{"a", "b"} {
		if _, err := house.Client(house.Key).Create(t.Context(), &taskv1.CreateRequest{TaskId: id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Flush(with(t, "Authorization", "Bearer "+house.Key), &adminv1.FlushRequest{}); err != nil {
		t.Fatal(err)
	}
	if n := house.Host.Stats().PendingBytes; n != 0 {
		t.Errorf("%d bytes are not home after a flush", n)
	}
	if got, err := c.Flush(with(t, "X-API-Key", house.Key), &adminv1.FlushRequest{}); err != nil || got.GetObjects() != 0 {
		t.Errorf("a second flush wrote %v, %v", got, err)
	}
}

func TestOnlyAnAdminComesIn(t *testing.T) {
	house := rpctest.Start(t, rpctest.Config{})
	url := serve(t, admin.Config{Host: house.Host, Gate: house.Gate})
	all := ^auth.Admin & (auth.Admin - 1) // every scope but admin
	for name, tt := range map[string]struct {
		ctx  context.Context
		code connect.Code
	}{
		"nobody":            {t.Context(), connect.CodeUnauthenticated},
		"another scheme":    {with(t, "Authorization", "Basic x"), connect.CodeUnauthenticated},
		"a wrong key":       {with(t, "X-API-Key", "sn_wrong"), connect.CodeUnauthenticated},
		"all scopes but it": {with(t, "X-API-Key", house.NewKey(all)), connect.CodePermissionDenied},
	} {
		if _, err := client(url).Flush(tt.ctx, &adminv1.FlushRequest{}); connect.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %v", name, err, tt.code)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+adminv1connect.AdminServiceFlushProcedure, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", house.Key)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a web page: status %d", res.StatusCode)
	}
}

// A flusher that fails.
type flusher struct{ err error }

func (f flusher) Flush(context.Context) (object.Flushed, error) { return object.Flushed{}, f.err }

func TestFailures(t *testing.T) {
	house := rpctest.Start(t, rpctest.Config{})
	for _, tt := range []struct {
		err  error
		code connect.Code
	}{
		{object.ErrDraining, connect.CodeUnavailable},
		{context.DeadlineExceeded, connect.CodeDeadlineExceeded},
		{errors.New("write /data/objects: disk on fire"), connect.CodeInternal},
	} {
		c := client(serve(t, admin.Config{Host: flusher{tt.err}, Gate: house.Gate}))
		_, err := c.Flush(with(t, "X-API-Key", house.Key), &adminv1.FlushRequest{})
		if connect.CodeOf(err) != tt.code || strings.Contains(err.Error(), "/data") {
			t.Errorf("%v is told as %v, want %v", tt.err, err, tt.code)
		}
	}
	if _, err := admin.New(admin.Config{}); err == nil {
		t.Error("a door to nothing")
	}
}
