package rpc

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// alive answers /healthz: the process serves HTTP.
func alive(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// ready answers /readyz: calls are served. Why not is said in a word; the reason
// itself may name files and goes into the log.
func (c *Config) ready(w http.ResponseWriter, _ *http.Request) {
	if err := c.Ready(); err != nil {
		c.Log.Debug("not ready", "error", err)
		plain(w, http.StatusServiceUnavailable, "not ready"+why(err)+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

// why says what keeps a server from being ready.
func why(err error) string {
	switch {
	case errors.Is(err, journal.ErrUnknown):
		return ": a write to the ledger failed, and it is being opened again; look at the disk and at the log"
	case errors.Is(err, journal.ErrJournalDamaged):
		return ": the ledger is damaged and takes no changes; stop the server and run spectralnotify doctor"
	case errors.Is(err, object.ErrDraining):
		return ": stopping"
	}
	return ""
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a caller who left needs no answer
}

// NotFound answers every path that is no door's, in the protocol of the caller.
func NotFound() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := connect.CodeNotFound // which is 404
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			code = connect.CodeUnimplemented // as gRPC names a call that does not exist
		}
		refuse(w, r, code, "NO_SUCH_PATH", "nothing is served at this path; calls are POST /spectralnotify.task.v1.TaskService/<Method>")
	})
}

// errorWriter tells errors to callers of any protocol.
var errorWriter = connect.NewErrorWriter(codecs())

// refuse answers a request that reached no handler.
func refuse(w http.ResponseWriter, r *http.Request, code connect.Code, reason, text string) {
	Refuse(w, r, addDetail(connect.NewError(code, errors.New(text)), info(reason, nil)))
}

// securityHeaders are on every answer; a door that serves pages sets its own
// Content-Security-Policy. The slices are shared and never changed.
var securityHeaders = [...]struct {
	name  string
	value []string
}{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
	{"Cache-Control", []string{"no-store"}},
}

func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for i := range securityHeaders {
			h[securityHeaders[i].name] = securityHeaders[i].value
		}
		next.ServeHTTP(w, r)
	})
}

// withBoundedBody bounds how large a request may be, in bytes, and how long it
// may take to arrive: the server has no ReadTimeout, and a call's own deadline
// begins when its message is there.
func withBoundedBody(next http.Handler, size int64, d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			b := &timedBody{ReadCloser: http.MaxBytesReader(w, r.Body, size), controller: http.NewResponseController(w)}
			b.timer = time.AfterFunc(d, b.expire)
			defer b.stop()
			r.Body = b
		}
		next.ServeHTTP(w, r)
	})
}

// A timedBody is a request's body that must end in time.
type timedBody struct {
	io.ReadCloser
	controller *http.ResponseController
	timer      *time.Timer

	mu   sync.Mutex
	done bool // the body has ended, or its handler has
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.stop()
	}
	return n, err
}

func (b *timedBody) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.done {
		b.done = true
		b.timer.Stop()
	}
}

// expire lets the read that is under way fail.
func (b *timedBody) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.done {
		_ = b.controller.SetReadDeadline(time.Unix(1, 0)) // long past
	}
}
