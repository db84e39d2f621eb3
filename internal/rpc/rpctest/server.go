// Package rpctest runs the whole house below the door for calls, for tests: a
// ledger and task files in a directory of the test, the host, the service, and
// the server of package rpc on a port of 127.0.0.1. Nothing in it is faked.
package rpctest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// Config says what is unusual about a server. The zero value is a server with
// all defaults, over plain HTTP.
type Config struct {
	// Dir is the data directory; if empty, a new one. A server that was stopped
	// can be started again with its Dir.
	Dir string

	// RPC may change the configuration, which is otherwise complete.
	RPC func(*rpc.Config)

	// Doors returns further doors, of the house below and the configuration of
	// this one.
	Doors func(*Server, *rpc.Config) map[string]http.Handler

	// Followers limits who watches; if nil, 1,000 an object and 10,000 in all.
	Followers *service.Followers

	// TLS serves by a certificate of --dev-tls.
	TLS bool

	// Log receives what the house says; if nil, it is discarded.
	Log *slog.Logger
}

// A Server is a house that serves. It stops with its test.
type Server struct {
	Addr string // host and port
	URL  string
	Dir  string // data directory
	Key  string // an API key with the scope admin

	Host    *object.Host[task.Task, task.Event]
	Ledger  *ledger.Ledger
	Service *service.Service[task.Task, task.Event, task.Command]
	Gate    *service.Gate
	HTTP    *http.Server

	t       testing.TB
	stop    func()
	trusted *tls.Config // knows the server's certificate; nil over plain HTTP
	pool    []*http.Client
}

// Start builds a house and serves, or fails the test.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{t: t, Dir: cfg.Dir}
	s.build(cfg)
	s.Key = s.NewKey(auth.Admin)
	s.serve(cfg)
	t.Cleanup(s.Stop)
	return s
}

// build makes everything below the door.
func (s *Server) build(cfg Config) {
	s.t.Helper()
	start := time.Now()
	var err error
	s.Ledger, err = ledger.New(ledger.Config{
		Dir: cfg.Dir, Now: now, Monotonic: func() int64 { return time.Since(start).Microseconds() }, Log: cfg.Log,
	})
	s.must(err)
	var class task.Class
	home, err := store.New(store.Config[task.Task, task.Event]{
		Dir: filepath.Join(cfg.Dir, "objects"), Layout: task.Layout{}, Encode: class.Encode, Epoch: s.Ledger.Epoch, Log: cfg.Log,
	})
	s.must(err)
	s.Host, err = object.New(object.Config[task.Task, task.Event]{
		Class: class, Journal: s.Ledger, Home: home, Now: now, Log: cfg.Log,
	})
	s.must(err)
	s.Host.Start()
	if cfg.Followers == nil {
		cfg.Followers = service.NewFollowers(1000, 10_000)
	}
	s.Service, err = service.New(service.Config[task.Task, task.Event, task.Command]{
		Class: task.Rules{}, Host: s.Host, Lister: s.Ledger, Followers: cfg.Followers,
		Room: func(t task.Task, cmd task.Command) error { return task.Room(t, cmd, 50_000) },
	})
	s.must(err)
	s.Gate, err = service.NewGate(service.GateConfig{Policy: service.Open, Keys: s.Ledger, Now: now, Log: cfg.Log})
	s.must(err)
	s.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Host.Stop(ctx); err != nil {
			s.t.Errorf("stop the host: %v", err)
		}
		for _, c := range s.pool {
			c.CloseIdleConnections()
		}
		_ = s.HTTP.Close() // what is still connected is a test's own
		s.must(home.Close())
		s.must(s.Ledger.Close())
	}
}

// serve opens the door.
func (s *Server) serve(cfg Config) {
	s.t.Helper()
	rc := rpc.Config{Classes: []rpc.Class{rpc.Tasks(s.Service)}, Gate: s.Gate, Now: time.Now, Log: cfg.Log, HomeOnly: true}
	if cfg.RPC != nil {
		cfg.RPC(&rc)
	}
	if cfg.Doors != nil {
		rc.Doors = cfg.Doors(s, &rc)
	}
	var err error
	s.HTTP, err = rpc.New(rc)
	s.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.Addr, s.URL = l.Addr().String(), "http://"+l.Addr().String()
	serve := s.HTTP.Serve
	if cfg.TLS {
		s.HTTP.TLSConfig, err = rpc.DevTLS(time.Now())
		s.must(err)
		s.trusted = trust(s.HTTP.TLSConfig.Certificates[0].Leaf)
		s.URL = "https://" + s.Addr
		serve = func(l net.Listener) error { return s.HTTP.ServeTLS(l, "", "") }
	}
	go func() { _ = serve(l) }() // ends with Close
}

// Stop stops the house as a server stops in order. It may be called more than
// once.
func (s *Server) Stop() {
	if s.stop != nil {
		stop := s.stop
		s.stop = nil
		stop()
	}
}

// NewKey keeps a new API key with the given scopes and returns it in clear. Its
// subject is "key:" and its id.
func (s *Server) NewKey(scopes auth.Scopes) string {
	s.t.Helper()
	k, err := auth.NewKey(rand.Reader)
	s.must(err)
	s.must(s.Ledger.InsertKey(context.Background(), journal.APIKey{
		ID: k.ID(), Name: "test", Subject: "key:" + k.ID(), SecretHash: k.Hash(), Scopes: scopes.Names(), CreatedAt: now(),
	}))
	return k.Reveal()
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func now() int64 { return time.Now().UnixMicro() }
