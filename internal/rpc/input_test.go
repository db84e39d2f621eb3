package rpc_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/structpb"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// deep returns JSON of an object nested n levels deep.
func deep(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) }

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOddInputIsRefusedClearly(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	admin := s.Client(s.Key)
	if _, err := admin.Create(t.Context(), &taskv1.CreateRequest{TaskId: "t"}); err != nil {
		t.Fatal(err)
	}
	zip := map[string]string{"Content-Encoding": "gzip"}
	tests := []struct {
		name   string
		call   string
		body   string
		header map[string]string
		code   string
		field  string // named in BadRequest; "" for none
		says   string
	}{
		{"control character in an id", "Create", `{"taskId":"a\u0000b"}`, nil, "invalid_argument", "task_id", "control character"},
		{"C1 control character in an id", "Create", `{"taskId":"a\u0085b"}`, nil, "invalid_argument", "task_id", "control character"},
		{"id of 257 bytes", "Create", `{"taskId":"` + strings.Repeat("x", 257) + `"}`, nil, "invalid_argument", "task_id", "256"},
		{"id of 257 bytes to read", "GetById", `{"taskId":"` + strings.Repeat("x", 257) + `"}`, nil, "invalid_argument", "task_id", "256"},
		{"no id", "GetById", `{}`, nil, "invalid_argument", "task_id", ""},
		{"no id to change", "Complete", `{}`, nil, "invalid_argument", "task_id", "empty"},
		{"unknown task", "GetById", `{"taskId":"nobody"}`, nil, "not_found", "", `"nobody"`},
		{"unknown task to change", "Complete", `{"taskId":"nobody"}`, nil, "not_found", "", `"nobody"`},
		{"unknown task's history", "GetHistory", `{"taskId":"nobody"}`, nil, "not_found", "", `"nobody"`},
		{"unknown task to wait for", "Wait", `{"taskId":"nobody"}`, nil, "not_found", "", `"nobody"`},
		{"progress of -1", "UpdateProgress", `{"taskId":"t","progress":-1}`, nil, "invalid_argument", "progress", "0 to 100"},
		{"progress of 101", "UpdateProgress", `{"taskId":"t","progress":101}`, nil, "invalid_argument", "progress", "0 to 100"},
		{"progress NaN", "UpdateProgress", `{"taskId":"t","progress":"NaN"}`, nil, "invalid_argument", "", "NaN"},
		{"progress 1.5", "UpdateProgress", `{"taskId":"t","progress":1.5}`, nil, "invalid_argument", "", "1.5"},
		{"progress of an event", "AddEvent", `{"taskId":"t","event":{"progress":101}}`, nil, "invalid_argument", "event.progress", "0 to 100"},
		{"neither event nor events", "AddEvent", `{"taskId":"t"}`, nil, "invalid_argument", "event", "exactly one"},
		{"event and events", "AddEvent", `{"taskId":"t","event":{},"events":[{}]}`, nil, "invalid_argument", "event", "exactly one"},
		{"metadata 1000 deep", "Complete", `{"taskId":"t","metadata":` + deep(1000) + `}`, nil, "invalid_argument", "metadata", "32 levels"},
		{"metadata 33 deep", "Complete", `{"taskId":"t","metadata":` + deep(33) + `}`, nil, "invalid_argument", "metadata", "32 levels"},
		{"metadata 100,000 deep", "Complete", `{"taskId":"t","metadata":` + deep(100_000) + `}`, nil, "invalid_argument", "", ""},
		{"metadata over 64 KiB", "Complete", `{"taskId":"t","metadata":{"a":"` + strings.Repeat("x", 65536) + `"}}`, nil, "invalid_argument", "metadata", "65536"},
		{"message over 16 KiB", "AddEvent", `{"taskId":"t","event":{"message":"` + strings.Repeat("x", 16385) + `"}}`, nil, "invalid_argument", "event.message", "16384"},
		{"body of 2 MiB", "Complete", `{"taskId":"t","metadata":{"a":"` + strings.Repeat("x", 2<<20) + `"}}`, nil, "resource_exhausted", "", "larger"},
		{"body of 9 MiB", "Complete", strings.Repeat("x", 9<<20), nil, "resource_exhausted", "", "larger"},
		{"gzip bomb", "Complete", zipped(t, strings.Repeat("x", 16<<20)), zip, "resource_exhausted", "", "larger"},
		{"bad gzip", "Complete", `{"taskId":"t"}`, zip, "invalid_argument", "", "gzip"},
		{"unknown encoding", "Complete", `{}`, map[string]string{"Content-Encoding": "br"}, "unimplemented", "", "br"},
		{"no JSON", "GetById", `hello`, nil, "invalid_argument", "", ""},
		{"empty body", "GetById", ``, nil, "invalid_argument", "", "empty"},
		{"protobuf that is none", "GetById", "\xff\xff", map[string]string{"Content-Type": "application/proto"}, "invalid_argument", "", ""},
		{"status that is none", "Create", `{"taskId":"x","status":9}`, nil, "invalid_argument", "status", ""},
		{"status that ends", "Create", `{"taskId":"x","status":"TASK_STATUS_SUCCESS"}`, nil, "invalid_argument", "status", ""},
		{"page token of nobody", "ListAll", `{"pageToken":"!!"}`, nil, "invalid_argument", "page_token", "another listing"},
		{"history token of nobody", "GetHistory", `{"taskId":"t","pageToken":"AAAA"}`, nil, "invalid_argument", "page_token", "another listing"},
		{"page size of 1001", "ListAll", `{"pageSize":1001}`, nil, "invalid_argument", "page_size", "1000"},
		{"statuses twice", "ListAll", `{"filter":{"statuses":[1,1]}}`, nil, "invalid_argument", "filter.statuses", "unique"},
		{"status 0 in a filter", "ListAll", `{"filter":{"statuses":[0]}}`, nil, "invalid_argument", "filter.statuses[0]", ""},
		{"token and sequence", "GetHistory", `{"taskId":"t","pageToken":"x","afterSequence":"1"}`, nil, "invalid_argument", "", "exclude"},
		{"cursor of nobody", "Wait", `{"taskId":"t","cursor":"garbage"}`, nil, "invalid_argument", "cursor", "cursor"},
		{"timeout over 60 s", "Wait", `{"taskId":"t","timeout":"61s"}`, nil, "invalid_argument", "timeout", ""},
		{"empty idempotency key", "Complete", `{"taskId":"t"}`, map[string]string{"Idempotency-Key": ""}, "invalid_argument", "Idempotency-Key", "1 to 128"},
		{"long idempotency key", "Complete", `{"taskId":"t"}`, map[string]string{"Idempotency-Key": strings.Repeat("k", 129)}, "invalid_argument", "Idempotency-Key", "1 to 128"},
		{"idempotency key with an umlaut", "Complete", `{"taskId":"t"}`, map[string]string{"Idempotency-Key": "schlüssel"}, "invalid_argument", "Idempotency-Key", "1 to 128"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := map[string]string{"Authorization": "Bearer " + s.Key}
			for k, v := range tt.header {
				header[k] = v
			}
			f := post{s: s, path: tt.call, body: tt.body, header: header}.do(t)
			if f.status >= 500 && tt.code != "unimplemented" || f.Code != tt.code {
				t.Fatalf("status %d, %s: %s; want %s", f.status, f.Code, f.Message, tt.code)
			}
			if !strings.Contains(f.Message, tt.says) || len(f.Message) > 1000 {
				t.Errorf("the text is %.1500q, want %q in it", f.Message, tt.says)
			}
			if tt.field != "" && !slices.Contains(f.fields(t), tt.field) {
				t.Errorf("fields %q, want %q", f.fields(t), tt.field)
			}
			if tt.field != "" && f.reason(t) != "INVALID_FIELD" {
				t.Errorf("reason %q", f.reason(t))
			}
		})
	}
	if got, err := admin.GetById(t.Context(), &taskv1.GetByIdRequest{TaskId: "t"}); err != nil || got.GetTask().GetSequence() != 1 {
		t.Errorf("what was refused changed the task: %v, %v", got, err)
	}
}

func TestOddIDsAreFine(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key, connect.WithProtoJSON())
	ids := []string{"../../etc/passwd", "a/b", "..", "/", "日本語 🎬", "a b", "%2e%2e", "con", strings.Repeat("é", 128), "'; DROP TABLE object; --", "x\u200dy"}
	for _, id := range ids {
		if _, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: id}); err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		got, err := c.GetById(t.Context(), &taskv1.GetByIdRequest{TaskId: id})
		if err != nil || got.GetTask().GetTaskId() != id {
			t.Errorf("%q is read as %v, %v", id, got, err)
		}
	}
	if _, err := s.Host.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	parent := filepath.Dir(s.Dir)
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 {
		t.Errorf("something was written outside the data directory: %v, %v", entries, err)
	}
	_ = filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, _ error) error {
		for _, id := range ids {
			if name := d.Name(); len(id) > 3 && strings.Contains(name, id) {
				t.Errorf("the id %q became the file name %s", id, path)
			}
		}
		return nil
	})
}

// NaN can be said in protobuf only.
func TestMetadataThatJSONCannotSay(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	c := s.Client(s.Key)
	for name, v := range map[string]*structpb.Value{
		"NaN": structpb.NewNumberValue(nan()), "no kind": {},
	} {
		_, err := c.Create(t.Context(), &taskv1.CreateRequest{TaskId: "x", Metadata: &structpb.Struct{Fields: map[string]*structpb.Value{"a": v}}})
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "metadata") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

func TestWrongPathsAndMethods(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	for _, path := range []string{"/", "/nothing", "/spectralnotify.task.v1.TaskService/Nothing", "/spectralnotify.task.v1.TaskService/", "/spectralnotify.admin.v1.AdminService/Flush"} {
		f := post{s: s, path: path, body: "{}"}.do(t)
		if f.status != http.StatusNotFound || f.Code != "not_found" || f.reason(t) != "NO_SUCH_PATH" {
			t.Errorf("%s: status %d, %s %s", path, f.status, f.Code, f.Message)
		}
	}
	for _, wrong := range []string{"text/html", "", "application/connect+json", "application/json; charset=latin1", "application/json;;"} {
		f := post{s: s, path: "GetById", body: "{}", header: map[string]string{"Content-Type": wrong}}.do(t)
		if f.status != http.StatusUnsupportedMediaType || f.Code != "invalid_argument" || f.reason(t) != "UNSUPPORTED_MEDIA_TYPE" ||
			!strings.Contains(f.Message, "send application/json or application/proto") {
			t.Errorf("content type %q: status %d, %s %s", wrong, f.status, f.Code, f.Message)
		}
	}
	for _, fine := range []string{"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"} {
		f := post{s: s, path: "GetById", body: `{"taskId":"none"}`, header: map[string]string{"Content-Type": fine}}.do(t)
		if f.Code != "not_found" {
			t.Errorf("content type %q: status %d, %s %s", fine, f.status, f.Code, f.Message)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL+"/spectralnotify.task.v1.TaskService/GetById", nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := send(t, s.HTTPClient(false), req); f.status != http.StatusMethodNotAllowed || f.reason(t) != "METHOD_NOT_ALLOWED" {
		t.Errorf("wrong method: status %d, %s %s", f.status, f.Code, f.Message)
	}
}

func TestHealth(t *testing.T) {
	s := rpctest.Start(t, rpctest.Config{})
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		res, err := s.HTTPClient(false).Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || body.String() != want {
			t.Errorf("%s: %d %q, %v", path, res.StatusCode, body.String(), err)
		}
		for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if res.Header.Get(name) != value {
				t.Errorf("%s: header %s is %q", path, name, res.Header.Get(name))
			}
		}
		if !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s may be framed", path)
		}
	}
}
