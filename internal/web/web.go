package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// Config says what the page stands on. NotFound is required.
type Config struct {
	// NotFound answers a request that only looks like one for the page.
	NotFound http.Handler

	// Files is what is served instead of the built page; index.html must be among
	// them. If nil, the built page.
	Files fs.FS
}

// New returns a handler for each path that belongs to the page, by its pattern
// in a http.ServeMux. All other paths are left to the caller.
//
// The page is at /. A link to /tasks/ID leads a browser to the page of that
// task, /#/tasks/ID: behind the # an id may be any text, while in a path
// browsers and proxies rewrite ids such as "..".
func New(cfg Config) (map[string]http.Handler, error) {
	if cfg.NotFound == nil {
		return nil, errors.New("web: Config.NotFound is required")
	}
	files := cfg.Files
	if files == nil {
		built, err := fs.Sub(dist, "dist")
		if err != nil {
			return nil, fmt.Errorf("web: the built page: %w", err)
		}
		files = built
	}
	doors, err := fileDoors(files)
	if err != nil {
		return nil, err
	}
	doors["GET /tasks/{id...}"] = taskLink(cfg.NotFound)
	return doors, nil
}

// fileDoors returns a handler for each file, by its exact path.
func fileDoors(files fs.FS) (map[string]http.Handler, error) {
	doors := map[string]http.Handler{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		f, err := newFile(name, content)
		if err != nil {
			return err
		}
		doors[pattern(name)] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("web: read the page: %w", err)
	}
	if doors[pattern("index.html")] == nil {
		return nil, errors.New("web: the page has no index.html; build clients/dashboard")
	}
	return doors, nil
}

// pattern is where a file is served.
func pattern(name string) string {
	if name == "index.html" {
		return "GET /{$}"
	}
	return "GET /" + path.Clean(name)
}

// taskLink leads people from /tasks/ID to the page of that task. A program that
// asks gets the answer of a path that does not exist: for it, tasks are behind
// the calls.
func taskLink(notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept"), "text/html") {
			notFound.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		http.Redirect(w, r, "/#/tasks/"+url.PathEscape(r.PathValue("id")), http.StatusSeeOther)
	})
}
