package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// A firstKey is the admin key that a server makes for itself at its first
// start, so that the first command works.
type firstKey struct {
	made string // the key, if it was made by this start
	hint string // where the operator finds a key
}

// makeFirstKey makes an admin key if there is none at all, the server cannot be
// reached from other machines, and the operator did not bring one. It is in its
// file before it is valid.
func (s *server) makeFirstKey() (firstKey, error) {
	if s.plan.preset {
		return firstKey{hint: "key in " + envBootstrapKey}, nil
	}
	ctx := context.Background()
	keys, err := s.ledger.Keys(ctx)
	if err != nil {
		return firstKey{}, err
	}
	if len(keys) > 0 || !s.loopback() {
		return s.oldKey(len(keys)), nil
	}
	key, err := auth.NewKey(rand.Reader)
	if err != nil {
		return firstKey{}, fmt.Errorf("make the first key: %w", err)
	}
	err = layDown(
		func() error { return s.dir.WriteAdminKey(key.Reveal()) },
		func() error {
			return s.ledger.InsertKey(ctx, journal.APIKey{
				ID: key.ID(), Name: "first key", Subject: "admin", SecretHash: key.Hash(),
				Scopes: auth.Admin.Names(), CreatedAt: microNow(),
			})
		},
	)
	if err != nil {
		return firstKey{}, err
	}
	return firstKey{made: key.Reveal(), hint: "key in " + shown(s.dir.AdminKey())}, nil
}

// layDown writes a key into its file, then makes it valid. In the other order a
// crash between the two would leave a key that nobody has, and none would be
// made again.
func layDown(keep, validate func() error) error {
	if err := keep(); err != nil {
		return err
	}
	return validate()
}

// oldKey says where a key is that was there before.
func (s *server) oldKey(n int) firstKey {
	if _, err := s.dir.ReadAdminKey(); err == nil {
		return firstKey{hint: "key in " + shown(s.dir.AdminKey())}
	}
	if n == 0 {
		return firstKey{hint: "no key: set " + envBootstrapKey}
	}
	return firstKey{hint: fmt.Sprintf("%d keys, none kept here", n)}
}

// adminKey is a key for this process's own calls; empty if it has none.
func (s *server) adminKey() string {
	if s.plan.preset {
		return os.Getenv(envBootstrapKey)
	}
	key, err := s.dir.ReadAdminKey()
	if err != nil {
		return ""
	}
	return key
}

func (s *server) loopback() bool {
	addr, ok := s.calls.Addr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

// url is where the server answers.
func (s *server) url() string {
	scheme := "http"
	if s.plan.tls != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.calls.Addr().String())
	if err != nil {
		return scheme + "://" + s.calls.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// flagsForClients are the flags that a command on this machine needs to find
// the server and its key; empty if the defaults do.
func (s *server) flagsForClients() string {
	text := ""
	if s.url() != "http://127.0.0.1:8094" {
		text += " --url " + s.url()
	}
	if s.plan.flags.DevTLS {
		text += " --insecure"
	}
	if s.dir != "./spectralnotify-data" {
		text += " --data-dir " + shown(string(s.dir))
	}
	return text
}

// sayKey prints the first key, once.
func (s *server) sayKey(w io.Writer) {
	if s.key.made != "" {
		fmt.Fprintf(w, "admin key, shown this once: %s\n", s.key.made)
	}
}

// sayReady prints that the server answers, for a person, in one line, and where
// its page is in another one.
func (s *server) sayReady(w io.Writer, next string) {
	fmt.Fprintf(w, "dashboard: %s\n", s.dashboard())
	fmt.Fprintf(w, "spectralnotify ready at %s · data in %s · %s · %s\n", s.url(), shown(string(s.dir)), s.key.hint, next)
}

// dashboard is the link to the page. With a first key it carries that, in the
// fragment, which browsers send nowhere; the page takes it out at once.
func (s *server) dashboard() string {
	if s.key.made == "" {
		return s.url() + "/"
	}
	return s.url() + "/#key=" + url.PathEscape(s.key.made)
}
