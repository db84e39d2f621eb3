package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// policy lets the page use what comes from its own server and nothing else: no
// inline script or style, no frame around it, no form that leaves it, no text
// that becomes markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"

// worthIt is the size from which a file is served compressed.
const worthIt = 1024

// types are those of the files that a build makes. The system's own table is
// not asked: it differs between machines.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".txt":  "text/plain; charset=utf-8",
}

// A file is one file of the page with all that is said about it.
type file struct {
	kind    string // media type
	keep    string // Cache-Control
	plain   body
	squeeze body // nothing if it is not worth it
}

// A body is a file in one encoding.
type body struct {
	bytes []byte
	tag   string // ETag
}

func newFile(name string, content []byte) (*file, error) {
	kind, known := types[path.Ext(name)]
	if !known {
		return nil, fmt.Errorf("%s: its kind is not in the table of media types", name)
	}
	sum := sha256.Sum256(content)
	tag := hex.EncodeToString(sum[:12])
	f := &file{kind: kind, keep: keep(name), plain: body{content, `"` + tag + `"`}}
	if len(content) >= worthIt {
		f.squeeze = body{squeezed(content), `"` + tag + `-gzip"`}
	}
	return f, nil
}

// keep says for how long browsers may keep a file without asking. The names
// under assets change with their content; all others must be asked for each
// time, which costs a short answer by their tags.
func keep(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func squeezed(content []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = z.Write(content) // a buffer takes all
	_ = z.Close()
	return out.Bytes()
}

// ServeHTTP answers GET and HEAD, also conditional ones and for ranges.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.keep)
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	b := f.plain
	if f.squeeze.bytes != nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			b = f.squeeze
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", b.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.bytes))
}

// takesGzip reports whether an Accept-Encoding header names gzip, and not with
// q=0 (RFC 9110, 12.5.3).
func takesGzip(accept string) bool {
	for coding := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		if !found {
			return true
		}
		v, err := strconv.ParseFloat(q, 64)
		return err == nil && v > 0
	}
	return false
}
