package rpc_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// envelope is a message of a Connect stream.
func envelope(text string) io.Reader {
	return bytes.NewReader(append([]byte{0, 0, 0, byte(len(text) >> 8), byte(len(text))}, text...))
}

// A failure is a Connect error as it comes over HTTP.
type failure struct {
	status  int
	header  http.Header
	Code    string
	Message string
	Details []struct{ Type, Value string }
}

// reason returns the reason of the detail ErrorInfo.
func (f failure) reason(t *testing.T) string {
	t.Helper()
	var info errdetails.ErrorInfo
	f.detail(t, &info)
	if info.GetReason() != "" && info.GetDomain() != "spectralnotify" {
		t.Errorf("domain is %q", info.GetDomain())
	}
	return info.GetReason()
}

// fields returns the fields of the detail BadRequest.
func (f failure) fields(t *testing.T) (names []string) {
	t.Helper()
	var bad errdetails.BadRequest
	f.detail(t, &bad)
	for _, v := range bad.GetFieldViolations() {
		names = append(names, v.GetField())
	}
	return names
}

// detail reads the detail of a type, if there is one.
func (f failure) detail(t *testing.T, into proto.Message) {
	t.Helper()
	for _, d := range f.Details {
		if d.Type != string(into.ProtoReflect().Descriptor().FullName()) {
			continue
		}
		value, err := base64.RawStdEncoding.DecodeString(d.Value)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&anypb.Any{TypeUrl: "type.googleapis.com/" + d.Type, Value: value}).UnmarshalTo(into); err != nil {
			t.Fatal(err)
		}
	}
}

// A post is a request as anybody may make it.
type post struct {
	s      *rpctest.Server
	path   string // or the name of a call of TaskService
	body   string
	header map[string]string
	host   string
}

func (p post) do(t *testing.T) failure {
	t.Helper()
	if !strings.HasPrefix(p.path, "/") {
		p.path = "/spectralnotify.task.v1.TaskService/" + p.path
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.s.URL+p.path, strings.NewReader(p.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range p.header {
		req.Header.Set(k, v)
	}
	if p.host != "" {
		req.Host = p.host
	}
	return send(t, p.s.HTTPClient(false), req)
}

func send(t *testing.T, c *http.Client, req *http.Request) failure {
	t.Helper()
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	f := failure{status: res.StatusCode, header: res.Header}
	if len(body) > 0 && res.StatusCode != http.StatusOK {
		if err := json.Unmarshal(body, &f); err != nil {
			t.Fatalf("status %d: the body is no Connect error: %q", res.StatusCode, body)
		}
	}
	return f
}

func now() time.Time { return time.Now() }
