package rpc_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// The seed's table: creating, listing and deleting need a credential.
func TestWhoMayCallWhat(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	if _, err := s.Client(s.Key).Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	public := map[string]string{
		"GetById": `{"taskId":"t"}`, "AddEvent": `{"taskId":"t","event":{"message":"m"}}`, "UpdateProgress": `{"taskId":"t","progress":1}`,
		"GetHistory": `{"taskId":"t"}`, "Wait": `{"taskId":"t"}`, "Complete": `{"taskId":"t"}`,
	}
	private := map[string]string{"Create": `{"taskId":"u"}`, "ListAll": `{}`, "Stats": `{}`, "Delete": `{"taskId":"u"}`}
	for _, call := range []string{"GetById", "AddEvent", "UpdateProgress", "GetHistory", "Wait", "Complete"} {
		if f := (post{s: s, path: call, body: public[call]}).do(t); f.status != http.StatusOK {
			t.Errorf("%s without a credential: %d %s", call, f.status, f.Message)
		}
	}
	for _, call := range []string{"Create", "ListAll", "Stats", "Delete"} {
		f := post{s: s, path: call, body: private[call]}.do(t)
		if f.status != http.StatusUnauthorized || f.reason(t) != "UNAUTHENTICATED" || f.header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("%s without a credential: %d %s", call, f.status, f.Message)
		}
		for name, header := range map[string]map[string]string{
			"Bearer": {"Authorization": "Bearer " + s.Key}, "X-API-Key": {"X-API-Key": s.Key},
		} {
			body := strings.ReplaceAll(private[call], "u", "u"+name)
			if f := (post{s: s, path: call, body: body, header: header}).do(t); f.status != http.StatusOK && f.Code != "not_found" {
				t.Errorf("%s with %s: %d %s", call, name, f.status, f.Message)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	ctx := t.Context()
	lister, creator := s.NewKey(auth.TaskList), s.NewKey(auth.TaskCreate|auth.TaskList|auth.TaskDelete)
	if _, err := s.Client(lister).Create(ctx, &taskv1.CreateRequest{}); connect.CodeOf(err) != connect.CodePermissionDenied || !strings.Contains(err.Error(), "task:create") {
		t.Errorf("without the scope: %v", err)
	}
	last := "x"
	if strings.HasSuffix(s.Key, last) {
		last = "y"
	}
	wrong := s.Key[:len(s.Key)-1] + last
	if _, err := s.Client(wrong).GetById(ctx, &taskv1.GetByIdRequest{TaskId: "t"}); connect.CodeOf(err) != connect.CodeUnauthenticated || strings.Contains(err.Error(), wrong) {
		t.Errorf("a wrong key on a public call: %v", err)
	}
	f := post{s: s, path: "Stats", body: "{}", header: map[string]string{"Authorization": "Basic Zm9v"}}.do(t)
	if f.Code != "unauthenticated" || !strings.Contains(f.Message, "Bearer") {
		t.Errorf("another scheme: %s %s", f.Code, f.Message)
	}

	// Whoever is not admin lists and deletes his own tasks, and no other's exist for him.
	if _, err := s.Client(s.Key).Create(ctx, &taskv1.CreateRequest{TaskId: "admins"}); err != nil {
		t.Fatal(err)
	}
	own, err := s.Client(creator).Create(ctx, &taskv1.CreateRequest{TaskId: "own"})
	if err != nil || own.GetTask().GetCreatedBy() != "key:"+creator[3:11] || own.GetEvent().GetActor() != own.GetTask().GetCreatedBy() {
		t.Fatalf("created %v, %v", own, err)
	}
	listed, err := s.Client(creator).ListAll(ctx, &taskv1.ListAllRequest{})
	if err != nil || len(listed.GetTasks()) != 1 || listed.GetTasks()[0].GetTaskId() != "own" || listed.GetCount() != 1 {
		t.Errorf("listed %v, %v", listed, err)
	}
	if stats, err := s.Client(creator).Stats(ctx, &taskv1.StatsRequest{}); err != nil || stats.GetTotal() != 1 || len(stats.GetCounts()) != 1 {
		t.Errorf("stats %v, %v", stats, err)
	}
	foreign := &taskv1.ListAllRequest{Filter: &taskv1.TaskFilter{CreatedBy: "key:" + s.Key[3:11]}}
	if listed, err := s.Client(creator).ListAll(ctx, foreign); err != nil || len(listed.GetTasks()) != 0 || listed.GetCount() != 0 {
		t.Errorf("another's tasks: %v, %v", listed, err)
	}
	if listed, err := s.Client(s.Key).ListAll(ctx, foreign); err != nil || len(listed.GetTasks()) != 1 {
		t.Errorf("the admin's tasks: %v, %v", listed, err)
	}
	if _, err := s.Client(creator).Delete(ctx, &taskv1.DeleteRequest{TaskId: "admins"}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("deleting another's task: %v", err)
	}
	if _, err := s.Client(creator).Delete(ctx, &taskv1.DeleteRequest{TaskId: "own"}); err != nil {
		t.Errorf("deleting the own task: %v", err)
	}
}

// On a loopback listener, public calls are for this machine only.
func TestStrangersNeedACredential(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	chosen := rpctest.Start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.HomeOnly = false }})
	if _, err := s.Client(s.Key).Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		host   string
		header map[string]string
		home   bool
	}{
		{"the address", "", nil, true},
		{"localhost", "localhost:8094", nil, true},
		{"a name below localhost", "app.localhost", nil, true},
		{"IPv6", "[::1]:8094", nil, true},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]", nil, true},
		{"another of 127/8", "127.8.9.1", nil, true},
		{"a name that was rebound", "evil.example:8094", nil, false},
		{"a name that only looks so", "localhost.evil.example", nil, false},
		{"no name", "127.0.0.1.evil.example", nil, false},
		{"X-Forwarded-For", "", map[string]string{"X-Forwarded-For": "10.0.0.1"}, false},
		{"X-Forwarded-Host", "", map[string]string{"x-forwarded-host": "a"}, false},
		{"Forwarded", "", map[string]string{"Forwarded": "for=10.0.0.1"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := post{s: s, path: "GetById", body: `{"taskId":"t"}`, host: tt.host, header: tt.header}
			f := p.do(t)
			if tt.home != (f.status == http.StatusOK) {
				t.Fatalf("status %d: %s", f.status, f.Message)
			}
			if !tt.home && (f.status != http.StatusForbidden || !strings.Contains(f.Message, "--public-access") || f.Code != "permission_denied") {
				t.Errorf("a stranger is told %d %s: %s", f.status, f.Code, f.Message)
			}
			p.s = chosen // where the operator chose who may call
			if f := p.do(t); f.Code != "not_found" {
				t.Errorf("with a choice: status %d: %s", f.status, f.Message)
			}
			p.s = s
			p.header = map[string]string{"X-API-Key": s.Key}
			for k, v := range tt.header {
				p.header[k] = v
			}
			if f := p.do(t); f.status != http.StatusOK {
				t.Errorf("with a key: status %d: %s", f.status, f.Message)
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	const friend, foe = "https://app.example", "https://evil.example"
	s := rpctest.Start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.Origins = []string{friend} }})
	preflight := func(origin string) http.Header {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL+"/spectralnotify.task.v1.TaskService/Create", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "authorization,connect-protocol-version,content-type,idempotency-key,x-api-key")
		return send(t, s.HTTPClient(false), req).header
	}
	if h := preflight(friend); h.Get("Access-Control-Allow-Origin") != friend || h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "idempotency-key") {
		t.Errorf("preflight of a listed origin: %v", h)
	}
	if h := preflight(foe); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight of a foreign origin: %v", h)
	}
	call := func(s *rpctest.Server, header map[string]string) failure {
		header["Authorization"] = "Bearer " + s.Key
		return post{s: s, path: "Stats", body: "{}", header: header}.do(t)
	}
	if f := call(s, map[string]string{"Origin": friend, "Sec-Fetch-Site": "cross-site"}); f.status != http.StatusOK || f.header.Get("Access-Control-Allow-Origin") != friend || !strings.Contains(f.header.Get("Access-Control-Expose-Headers"), "Idempotency-Replayed") {
		t.Errorf("a listed origin: %d %s %v", f.status, f.Message, f.header)
	}
	for name, header := range map[string]map[string]string{
		"a foreign origin":                 {"Origin": foe},
		"a foreign origin, by the browser": {"Origin": foe, "Sec-Fetch-Site": "cross-site"},
		"a sibling":                        {"Sec-Fetch-Site": "same-site"},
	} {
		if f := call(s, header); f.status != http.StatusForbidden || f.reason(t) != "FOREIGN_ORIGIN" || !strings.Contains(f.Message, "--cors-origin") {
			t.Errorf("%s: %d %s", name, f.status, f.Message)
		}
	}
	none := rpctest.Start(t, rpctest.Config{})
	if f := call(none, map[string]string{"Origin": "http://" + none.Addr, "Sec-Fetch-Site": "same-origin"}); f.status != http.StatusOK {
		t.Errorf("the server's own pages: %d %s", f.status, f.Message)
	}
	if f := call(none, map[string]string{"Origin": friend}); f.status != http.StatusForbidden {
		t.Errorf("with no origin listed: %d", f.status)
	}
}

func TestWrongConfigurationsAreRefused(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	ok := rpc.Config{Classes: []rpc.Class{rpc.Tasks(s.Service)}, Gate: s.Gate, Now: now}
	if _, err := rpc.New(rpc.Config{}); err == nil {
		t.Error("a server without a service")
	}
	for _, o := range []string{"*", "example.com", "https://example.com/", "https://", "ftp://example.com", "https://a b", ""} {
		c := ok
		c.Origins = []string{o}
		if _, err := rpc.New(c); err == nil || !strings.Contains(err.Error(), "--cors-origin") {
			t.Errorf("origin %q: %v", o, err)
		}
	}
	c := ok
	c.SendTimeout, c.SendQuiet = 1, 2
	if _, err := rpc.New(c); err == nil {
		t.Error("a quiet part longer than the whole")
	}
	if _, err := rpc.New(ok); err != nil {
		t.Error(err)
	}
	if _, err := rpc.LoadTLS("/nowhere.pem", "/nowhere.key"); err == nil || !strings.Contains(err.Error(), "--tls-cert") {
		t.Errorf("a certificate that is not there: %v", err)
	}
}

// /readyz says why a server is not ready, and no more.
func TestNotReady(t *testing.T) {
	for text, reason := range map[string]error{
		"not ready\n":           errors.New("/secret/path is slow"),
		"not ready: stopping\n": object.ErrDraining,
		"not ready: the ledger is damaged and takes no changes; stop the server and run spectralnotify doctor\n":   fmt.Errorf("%w: /secret/path", journal.ErrJournalDamaged),
		"not ready: a write to the ledger failed, and it is being opened again; look at the disk and at the log\n": fmt.Errorf("%w: /secret/path", journal.ErrUnknown),
	} {
		notReady(t, reason, text)
	}
}

func notReady(t *testing.T, reason error, text string) {
	t.Helper()
	s := rpctest.Start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.Ready = func() error { return reason } }})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.HTTPClient(false).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || string(body) != text {
		t.Errorf("%v: status %d, %q, %v; want %q", reason, res.StatusCode, body, err, text)
	}
}
