// Package rpctest runs the whole house below the door for calls, for tests: a
// ledger and files in a directory of the test, the hosts, the services, and the
// server of package rpc on a port of 127.0.0.1. Nothing in it is faked.
package rpctest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/counter"
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

	Host     *object.Host[task.Task, task.Event]
	Ledger   *ledger.Ledger
	Service  *service.Service[task.Task, task.Event, task.Command]
	Counters *service.Service[counter.Counter, counter.Event, counter.Command]
	Gate     *service.Gate
	HTTP     *http.Server

	t       testing.TB
	stop    func()
	drain   []func()
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
	group, err := object.NewGroup(object.GroupConfig{Journal: s.Ledger, Log: cfg.Log})
	s.must(err)
	host, closeTasks := open(s, cfg, group, task.Class{}, task.Layout{})
	s.Host = host
	counters, closeCounters := open(s, cfg, group, counter.Class{}, counter.Layout{})
	if cfg.Followers == nil {
		cfg.Followers = service.NewFollowers(1000, 10_000)
	}
	s.Service, err = service.New(service.Config[task.Task, task.Event, task.Command]{
		Class: task.Rules{}, Host: s.Host, Lister: s.Ledger, Followers: cfg.Followers,
		Room: func(t task.Task, cmd task.Command) error { return task.Room(t, cmd, 50_000) },
	})
	s.must(err)
	s.Counters, err = service.New(service.Config[counter.Counter, counter.Event, counter.Command]{
		Class: counter.Rules{}, Host: counters, Lister: s.Ledger, Followers: cfg.Followers,
	})
	s.must(err)
	s.Gate, err = service.NewGate(service.GateConfig{Policy: service.Open, Keys: s.Ledger, Now: now, Log: cfg.Log})
	s.must(err)
	s.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.Drain()
		if err := errors.Join(s.Host.Stop(ctx), counters.Stop(ctx)); err != nil {
			s.t.Errorf("stop the hosts: %v", err)
		}
		for _, c := range s.pool {
			c.CloseIdleConnections()
		}
		_ = s.HTTP.Close() // what is still connected is a test's own
		s.must(errors.Join(closeTasks(), closeCounters(), s.Ledger.Close()))
	}
}

// open opens the files of a class and starts its host.
func open[S, E any](s *Server, cfg Config, g *object.Group, class object.Class[S, E], l store.Layout[S, E]) (h *object.Host[S, E], closeFiles func() error) {
	s.t.Helper()
	home, err := store.New(store.Config[S, E]{
		Dir: filepath.Join(cfg.Dir, "objects"), Layout: l, Encode: class.Encode, Epoch: s.Ledger.Epoch, Log: cfg.Log,
	})
	s.must(err)
	h, err = object.New(object.Config[S, E]{Class: class, Group: g, Home: home, Now: now, Log: cfg.Log})
	s.must(err)
	h.Start()
	s.drain = append(s.drain, h.Drain)
	return h, home.Close
}

// serve opens the door.
func (s *Server) serve(cfg Config) {
	s.t.Helper()
	rc := rpc.Config{Classes: []rpc.Class{rpc.Tasks(s.Service), rpc.Counters(s.Counters)}, Gate: s.Gate, Now: time.Now, Log: cfg.Log, HomeOnly: true}
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

// Drain drains every host.
func (s *Server) Drain() {
	for _, drain := range s.drain {
		drain()
	}
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

// SpoilFile flips a bit of the file of a task that is home, as a bad disk does.
func (s *Server) SpoilFile(generation int64) {
	s.t.Helper()
	path := filepath.Join(s.Dir, "objects", "task", fmt.Sprint(generation/4096), fmt.Sprint(generation)+".db")
	image, err := os.ReadFile(path)
	s.must(err)
	image[len(image)-100] ^= 1
	s.must(os.WriteFile(path, image, 0o600))
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func now() int64 { return time.Now().UnixMicro() }
