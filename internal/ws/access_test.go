package ws_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/ws"
)

// A refusal is what a request for a socket gets instead.
type refusal struct {
	status  int
	Code    string
	Message string
}

// refused asks for a socket that is not given.
func (h *house) refused(query string, opts *websocket.DialOptions) refusal {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http"+h.url("t", query)[len("ws"):], nil)
	h.must(err)
	if opts != nil {
		maps.Copy(req.Header, opts.HTTPHeader)
		if opts.Host != "" {
			req.Host = opts.Host
		}
		if opts.Subprotocols != nil {
			req.Header.Set("Sec-WebSocket-Protocol", strings.Join(opts.Subprotocols, ","))
		}
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		req.Header.Set(name, value)
	}
	res, err := h.HTTPClient(false).Do(req)
	h.must(err)
	defer res.Body.Close()
	if res.StatusCode == http.StatusSwitchingProtocols {
		h.t.Fatalf("%s %+v: a socket was given", query, opts)
	}
	r := refusal{status: res.StatusCode}
	body, err := io.ReadAll(res.Body)
	h.must(err)
	if err := json.Unmarshal(body, &r); err != nil {
		h.t.Fatalf("the refusal is not JSON: %q", body)
	}
	return r
}

func header(pairs ...string) *websocket.DialOptions {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return &websocket.DialOptions{HTTPHeader: h}
}

func TestForeignOriginsGetNoSocket(t *testing.T) {
	t.Parallel()
	const friend, foe = "https://app.example", "https://evil.example"
	listed := func(c *rpc.Config) { c.Origins = []string{friend} }
	h := start(t, rpctest.Config{RPC: listed}, nil)
	for name, opts := range map[string]*websocket.DialOptions{
		"a program":         nil,
		"the own page":      header("Origin", h.URL, "Sec-Fetch-Site", "same-origin"),
		"an old browser":    header("Origin", h.URL),
		"a listed origin":   header("Origin", friend),
		"and by its header": header("Origin", friend, "Sec-Fetch-Site", "cross-site"),
	} {
		if _, _, err := h.try("t", "", opts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := map[string]*websocket.DialOptions{
		"a foreign origin":  header("Origin", foe),
		"and by its header": header("Origin", foe, "Sec-Fetch-Site", "cross-site"),
		"no origin":         header("Origin", "null"),
		"another port":      header("Origin", "http://127.0.0.1:1"),
		"a longer name":     header("Origin", friend+".evil.example"),
		"with a key":        header("Origin", foe, "Authorization", "Bearer "+h.Key),
	}
	for name, opts := range foreign {
		if r := h.refused("", opts); r.status != http.StatusForbidden || !strings.Contains(r.Message, "--cors-origin") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	// The mutant, a door whose check lets it pass: nothing else stops it.
	careless := start(t, rpctest.Config{RPC: listed}, func(c *ws.Config) { c.Origins = append(c.Origins, foe) })
	if _, _, err := careless.try("t", "", foreign["a foreign origin"]); err != nil {
		t.Errorf("with the foreign origin listed: %v", err)
	}
}

func TestStrangersGetNoSocket(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	chosen := start(t, rpctest.Config{RPC: func(c *rpc.Config) { c.HomeOnly = false }}, nil)
	for name, opts := range map[string]*websocket.DialOptions{
		"a name that was rebound": {Host: "evil.example:8094"},
		"through a proxy":         header("X-Forwarded-For", "10.0.0.1"),
		"through another":         header("Forwarded", "for=10.0.0.1"),
	} {
		if r := h.refused("", opts); r.status != http.StatusForbidden || !strings.Contains(r.Message, "--public-access") {
			t.Errorf("%s: %+v", name, r)
		}
		if _, _, err := chosen.try("t", "", opts); err != nil {
			t.Errorf("%s, where the operator chose: %v", name, err)
		}
		opts.Subprotocols = []string{"sn.bearer." + h.Key}
		if _, _, err := h.try("t", "", opts); err != nil {
			t.Errorf("%s, with a key: %v", name, err)
		}
	}
	if _, _, err := h.try("t", "", &websocket.DialOptions{Host: "localhost:8094"}); err != nil {
		t.Errorf("from home: %v", err)
	}
}

// closed is a policy that wants a credential for watching.
func closed(c *rpc.Config, s *house) *service.Gate {
	g, err := service.NewGate(service.GateConfig{
		Policy: service.Policy{"/spectralnotify.task.v1.TaskService/Watch": {Scope: auth.TaskWatch}},
		Keys:   s.Ledger, Now: func() int64 { return c.Now().UnixMicro() },
	})
	s.must(err)
	return g
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	watcher, lister := h.NewKey(auth.TaskWatch), h.NewKey(auth.TaskList)
	last := "x"
	if strings.HasSuffix(h.Key, last) {
		last = "y"
	}
	wrong := h.Key[:len(h.Key)-1] + last
	cfg := rpc.Config{Now: time.Now}
	strict := start(t, rpctest.Config{Dir: t.TempDir()}, func(c *ws.Config) { c.Gate = closed(&cfg, h) })

	protocol := &websocket.DialOptions{Subprotocols: []string{"other", "sn.bearer." + watcher}}
	for name, opts := range map[string]*websocket.DialOptions{
		"Bearer":      header("Authorization", "Bearer "+watcher),
		"X-API-Key":   header("X-API-Key", watcher),
		"subprotocol": protocol,
	} {
		p, _, err := strict.try("t", "", opts)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := map[bool]string{true: "sn.bearer." + watcher}[opts == protocol]; p.Subprotocol() != want {
			t.Errorf("%s: the subprotocol is %q", name, p.Subprotocol())
		}
		p.ping()
	}
	for name, r := range map[string]refusal{
		"another scope":         strict.refused("", header("X-API-Key", lister)),
		"a wrong key":           strict.refused("", header("X-API-Key", wrong)),
		"a wrong subprotocol":   strict.refused("", &websocket.DialOptions{Subprotocols: []string{"sn.bearer." + wrong}}),
		"another scheme":        strict.refused("", header("Authorization", "Basic Zm9v")),
		"wrong where none need": h.refused("", header("X-API-Key", wrong)),
	} {
		if r.status != http.StatusUnauthorized && (name != "another scope" || r.status != http.StatusForbidden) || strings.Contains(r.Message, wrong) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for _, name := range []string{"token", "apiKey", "api_key", "access_token", "key", "X-API-Key"} {
		r := h.refused(name+"="+watcher, nil)
		if r.status != http.StatusBadRequest || !strings.Contains(r.Message, "sn.bearer.") || strings.Contains(r.Message, watcher) {
			t.Errorf("%s in the URL: %+v", name, r)
		}
	}
}

func TestTheFirstMessageMayBeTheCredential(t *testing.T) {
	t.Parallel()
	keys := start(t, rpctest.Config{}, nil)
	cfg := rpc.Config{Now: time.Now}
	h := start(t, rpctest.Config{Followers: service.NewFollowers(1, 0)}, func(c *ws.Config) { c.Gate = closed(&cfg, keys) })
	good, lister := keys.NewKey(auth.TaskWatch), keys.NewKey(auth.TaskList)
	for name, say := range map[string]string{
		"a ping":        "ping",
		"a wrong token": `{"type":"auth","token":"sn_wrong"}`,
		"another scope": `{"type":"auth","token":"` + lister + `"}`,
		"no token":      `{"type":"auth"}`,
	} {
		p := h.dial("t", "")
		p.say(say)
		if m := p.receive(); m.Type != "error" || m.Message == "" {
			t.Errorf("%s: %s", name, m.text)
		}
		p.gone(websocket.StatusPolicyViolation)
	}
	p := h.dial("t", "")
	p.say(`{"type":"auth","token":"` + good + `"}`)
	p.ping()
	h.create("t")
	p.expect("event", 1)
	p.say(`{"type":"auth","token":"` + good + `"}`) // again does no harm
	p.ping()

	second := h.dial("t", "")
	second.say(`{"type":"auth","token":"` + good + `"}`)
	if m := second.receive(); m.Type != "error" || !strings.Contains(m.Message, "--max-followers-task") {
		t.Errorf("one too many: %s", m.text)
	}
	second.gone(websocket.StatusTryAgainLater)

	p.say(`{"type":"auth","token":"sn_wrong"}`)
	if m := p.receive(); m.Type != "error" {
		t.Errorf("a wrong token later: %s", m.text)
	}
	p.gone(websocket.StatusPolicyViolation)
}

func TestTheFirstMessageMustComeInTime(t *testing.T) {
	t.Parallel()
	keys := start(t, rpctest.Config{}, nil)
	cfg := rpc.Config{Now: time.Now}
	h := start(t, rpctest.Config{}, func(c *ws.Config) { c.Gate, c.AuthTimeout = closed(&cfg, keys), 20*time.Millisecond })
	p := h.dial("t", "")
	if m := p.receive(); m.Type != "error" || !strings.Contains(m.Message, "first message, within 20ms") {
		t.Errorf("told %s", m.text)
	}
	p.gone(websocket.StatusPolicyViolation)
}

func TestRequestsThatGetNoSocket(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{Followers: service.NewFollowers(1, 0)}, nil)
	if r := h.refused("snapshot=yes", nil); r.status != http.StatusBadRequest || !strings.Contains(r.Message, "1 or 0") {
		t.Errorf("an unknown value: %+v", r)
	}
	if r := h.refused("a;b=%zz", nil); r.status != http.StatusBadRequest {
		t.Errorf("a query that cannot be read: %+v", r)
	}
	p := h.dial("t", "")
	if r := h.refused("", nil); r.status != http.StatusTooManyRequests || r.Code != "resource_exhausted" || !strings.Contains(r.Message, "--max-followers-task") {
		t.Errorf("one too many: %+v", r)
	}
	p.gonePolitely()
	for _, id := range []string{"", strings.Repeat("x", 257), "a\nb"} {
		if _, res, err := h.try(id, "", nil); err == nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("id %q: %v, %v", id, res, err)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(t.Context(), method, h.URL+"/ws/task/t", nil)
		h.must(err)
		res, err := h.HTTPClient(false).Do(req)
		h.must(err)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "ws://") {
			t.Errorf("a plain %s: %d %s %v", method, res.StatusCode, body, err)
		}
	}
}

func TestWrongConfigurationsAreRefused(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	if _, err := ws.New(ws.Config{}); err == nil {
		t.Error("a door without a service")
	}
	if _, err := ws.New(ws.Config{Classes: []ws.Class{ws.Tasks(h.Service)}, Gate: h.Gate, Now: time.Now, Origins: []string{"example.com"}}); err == nil || !strings.Contains(err.Error(), "--cors-origin") {
		t.Errorf("an origin that is none: %v", err)
	}
}
