package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spectralnotify/spectralnotify/internal/web"
)

// page serves files, or the built page if there are none, as the server does.
func page(t *testing.T, files fstest.MapFS) http.Handler {
	t.Helper()
	cfg := web.Config{NotFound: http.HandlerFunc(notFound)}
	if files != nil {
		cfg.Files = files
	}
	doors, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, door := range doors {
		mux.Handle(pattern, door)
	}
	mux.HandleFunc("/", notFound)
	return mux
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no such path", http.StatusNotFound)
}

func ask(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	}
	all, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

var reference = regexp.MustCompile(`(?:src|href)="\./([^"]+)"`)

func TestTheBuiltPageIsWhole(t *testing.T) {
	h := page(t, nil)
	index := ask(h, "GET", "/")
	if index.StatusCode != http.StatusOK {
		t.Fatalf("GET / is answered %d", index.StatusCode)
	}
	html := text(t, index)
	named := reference.FindAllStringSubmatch(html, -1)
	if len(named) < 3 {
		t.Fatalf("index.html names %d files, want a script, a style sheet and an icon", len(named))
	}
	for _, m := range named {
		r := ask(h, "GET", "/"+m[1])
		if r.StatusCode != http.StatusOK || len(text(t, r)) == 0 {
			t.Errorf("index.html names %s, which is answered %d", m[1], r.StatusCode)
		}
	}
	if regexp.MustCompile(`<script(?:[^>]*[^/])?>[^<]|<style| style=| on[a-z]+=`).MatchString(html) {
		t.Error("index.html has inline script or style, which its policy forbids")
	}
	if regexp.MustCompile(`(?:src|href)="(?:https?:)?//`).MatchString(html) {
		t.Error("index.html loads something from another server")
	}
}

func TestThePageIsLockedDown(t *testing.T) {
	h := page(t, nil)
	for _, path := range []string{"/", "/favicon.svg"} {
		header := ask(h, "GET", path).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control":              "no-cache",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for _, rule := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
			"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
		} {
			if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp+";", rule+";") {
				t.Errorf("%s: the policy %q lacks %q", path, csp, rule)
			}
		}
		if strings.Contains(header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy has a hole", path)
		}
	}
}

var small = fstest.MapFS{
	"index.html":        {Data: []byte("<!doctype html>")},
	"assets/app-1a2.js": {Data: []byte(strings.Repeat("let a = 1;\n", 500))},
}

func TestRoutes(t *testing.T) {
	h := page(t, small)
	const html = "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, c := range []struct {
		what, method, path, accept string
		status                     int
		location                   string
	}{
		{"the page", "GET", "/", html, 200, ""},
		{"the page for a program that takes anything", "GET", "/", "*/*", 200, ""},
		{"the head of the page", "HEAD", "/", html, 200, ""},
		{"a post to the page", "POST", "/", html, 404, ""},
		{"an asset", "GET", "/assets/app-1a2.js", "*/*", 200, ""},
		{"an asset of another version", "GET", "/assets/app-9z9.js", "*/*", 404, ""},
		{"a directory", "GET", "/assets/", html, 404, ""},
		{"a link to a task", "GET", "/tasks/film-7", html, 303, "/#/tasks/film-7"},
		{"a link to an odd task", "GET", "/tasks/a%2Fb%20%3Cc%3E", html, 303, "/#/tasks/a%2Fb%20%3Cc%3E"},
		{"a link that would leave the server", "GET", "/tasks/%2F%2Fevil.example", html, 303, "/#/tasks/%2F%2Fevil.example"},
		{"a program that asks for a task", "GET", "/tasks/film-7", "application/json", 404, ""},
		{"a program that does not say", "GET", "/tasks/film-7", "", 404, ""},
		{"a post to a task", "POST", "/tasks/film-7", html, 404, ""},
		{"any other path", "GET", "/admin", html, 404, ""},
		{"a call that does not exist", "POST", "/spectralnotify.task.v1.TaskService/Nope", "", 404, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := ask(h, c.method, c.path, "Accept", c.accept)
			if r.StatusCode != c.status || r.Header.Get("Location") != c.location {
				t.Errorf("answered %d to %q, want %d to %q", r.StatusCode, r.Header.Get("Location"), c.status, c.location)
			}
		})
	}
}

func TestFilesAreKeptAndAskedFor(t *testing.T) {
	h := page(t, small)
	asset := ask(h, "GET", "/assets/app-1a2.js", "Accept-Encoding", "br, gzip")
	if got := asset.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("an asset whose name changes with its content: Cache-Control is %q", got)
	}
	if asset.Header.Get("Content-Encoding") != "gzip" || asset.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("an asset is not compressed: %v", asset.Header)
	}
	if got := text(t, asset); got != string(small["assets/app-1a2.js"].Data) {
		t.Errorf("an asset is not the file: %d bytes", len(got))
	}
	for _, refusal := range []string{"", "br", "gzip;q=0", "gzip; q=0.0, br"} {
		plain := ask(h, "GET", "/assets/app-1a2.js", "Accept-Encoding", refusal)
		if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") == asset.Header.Get("ETag") {
			t.Errorf("Accept-Encoding %q: answered with %v", refusal, plain.Header)
		}
	}
	tag := ask(h, "GET", "/").Header.Get("ETag")
	if again := ask(h, "GET", "/", "If-None-Match", tag); again.StatusCode != http.StatusNotModified || tag == "" {
		t.Errorf("a page that did not change, tag %s, is answered %d", tag, again.StatusCode)
	}
}

func TestAPageThatCannotBeServedIsNoticedAtStart(t *testing.T) {
	for what, files := range map[string]fstest.MapFS{
		"no index.html":        {"assets/app.js": {Data: []byte("1")}},
		"a file of other kind": {"index.html": {Data: []byte("x")}, "tool.exe": {Data: []byte("MZ")}},
	} {
		if _, err := web.New(web.Config{NotFound: http.HandlerFunc(notFound), Files: files}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := web.New(web.Config{}); err == nil {
		t.Error("no NotFound: no error")
	}
}
