package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/admin"
	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
	"github.com/spectralnotify/spectralnotify/internal/web"
	"github.com/spectralnotify/spectralnotify/internal/ws"
)

// hangUp is how long calls under way may take to end at a stop.
const hangUp = 2 * time.Second

// A server is a house with its doors open.
type server struct {
	*house
	plan     plan
	key      firstKey
	calls    net.Listener
	operator net.Listener
	doors    []*http.Server
	sockets  *ws.Door
	faults   chan error // from the doors; buffered for each
	closing  atomic.Bool
	stopTidy context.CancelFunc
	tidying  sync.WaitGroup
}

// openServer opens the house and its doors: when it returns, calls are
// answered. run must be called.
func openServer(con *console, flags serveFlags, dataDir string) (*server, error) {
	plan, err := flags.check()
	if err != nil {
		return nil, err
	}
	h, err := openHouse(houseConfig{
		dir: datadir.Dir(dataDir), log: newLog(con.err, flags),
		maxJournalBytes: int64(flags.MaxJournalBytes), maxPendingBytes: int64(flags.MaxPendingBytes),
	})
	if err != nil {
		return nil, err
	}
	s := &server{house: h, plan: plan, faults: make(chan error, 2)}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.abort())
	}
	return s, nil
}

func (s *server) open() (err error) {
	if s.calls, err = listen("--addr", s.plan.flags.Addr); err != nil {
		return err
	}
	if s.operator, err = listen("--admin-addr", s.plan.flags.AdminAddr); err != nil {
		return err
	}
	if s.key, err = s.makeFirstKey(); err != nil {
		return err
	}
	calls, operator, err := s.handlers()
	if err != nil {
		return err
	}
	if err := s.lock.Say(datadir.Holder{PID: os.Getpid(), Addr: s.calls.Addr().String(), Admin: s.operator.Addr().String()}); err != nil {
		return err
	}
	s.start()
	ctx, stop := context.WithCancel(context.Background())
	s.stopTidy = stop
	s.tidying.Go(func() { s.tidy(ctx) })
	s.serve(calls, rpc.Limit(s.calls, connectionsFor(s.plan.flags.MaxConnections, s.log)), s.plan.tls != nil)
	s.serve(operator, s.operator, false)
	return nil
}

// handlers wires the doors.
func (s *server) handlers() (calls, operator *http.Server, err error) {
	flags := s.plan.flags
	followers := service.NewFollowers(flags.MaxFollowersTask, flags.MaxFollowers)
	tasks, err := service.New(service.Config[task.Task, task.Event, task.Command]{
		Class: task.Rules{}, Host: s.tasks.live, Lister: s.ledger, Followers: followers, Room: roomForEvents(flags.MaxEvents),
	})
	if err != nil {
		return nil, nil, err
	}
	counters, err := service.New(service.Config[counter.Counter, counter.Event, counter.Command]{
		Class: counter.Rules{}, Host: s.counters.live, Lister: s.ledger, Followers: followers,
	})
	if err != nil {
		return nil, nil, err
	}
	gate, err := service.NewGate(service.GateConfig{
		Policy: service.Open, Keys: s.ledger, Bootstrap: s.plan.bootstrap, Now: microNow, Log: s.log,
	})
	if err != nil {
		return nil, nil, err
	}
	s.sockets, err = ws.New(ws.Config{
		Classes: []ws.Class{ws.Tasks(tasks), ws.Counters(counters)}, Gate: gate, Now: time.Now, Log: s.log,
		HomeOnly: s.plan.homeOnly, Origins: flags.CORSOrigin,
	})
	if err != nil {
		return nil, nil, usagef("%v", err)
	}
	doors, err := web.New(web.Config{NotFound: rpc.NotFound()})
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(doors, s.sockets.Handlers())
	calls, err = rpc.New(rpc.Config{
		Classes: []rpc.Class{rpc.Tasks(tasks), rpc.Counters(counters)}, Gate: gate, Now: time.Now, Log: s.log, HomeOnly: s.plan.homeOnly,
		Origins: flags.CORSOrigin, Ready: s.ready, Doors: doors,
	})
	if err != nil {
		return nil, nil, usagef("%v", err)
	}
	calls.TLSConfig = s.plan.tls
	operator, err = admin.New(admin.Config{Host: s.classes, Backup: s.backup, Gate: gate, Log: s.log})
	return calls, operator, err
}

// roomForEvents refuses a command on a task with so many events; 0 is no limit.
func roomForEvents(limit int64) func(task.Task, task.Command) error {
	if limit == 0 {
		return nil
	}
	return func(t task.Task, cmd task.Command) error { return task.Room(t, cmd, limit) }
}

// ready says why calls are not taken; nil while they are.
func (s *server) ready() error {
	if s.closing.Load() {
		return object.ErrDraining
	}
	return s.hostReady()
}

// serve answers on a listener until the door is shut.
func (s *server) serve(door *http.Server, l net.Listener, secure bool) {
	door.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	s.doors = append(s.doors, door)
	go func() {
		var err error
		if secure {
			err = door.ServeTLS(l, "", "")
		} else {
			err = door.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.faults <- fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}
	}()
}

// run waits for ctx, or for a door that breaks, and then stops.
func (s *server) run(ctx context.Context) error {
	var fault error
	select {
	case <-ctx.Done():
		s.log.Info("stopping", "at most", s.plan.flags.StopTimeout+hangUp)
	case fault = <-s.faults:
	}
	return errors.Join(fault, s.stop())
}

// stop lets calls under way end, tells watches that the server leaves, writes
// home what it can in time, and closes everything. What is not home then is
// safe in the ledger: no failure.
func (s *server) stop() error {
	s.closing.Store(true)
	s.drain()
	ctx, cancel := context.WithTimeout(context.Background(), hangUp)
	defer cancel()
	var leaving sync.WaitGroup
	leaving.Go(func() { s.sockets.Close(ctx) })
	for _, door := range s.doors {
		leaving.Go(func() {
			if door.Shutdown(ctx) != nil {
				door.Close()
			}
		})
	}
	leaving.Wait()
	s.stopTidy()
	s.tidying.Wait()

	ctx, cancel = context.WithTimeout(context.Background(), s.plan.flags.StopTimeout)
	defer cancel()
	if err := s.stopHosts(ctx); err != nil {
		s.log.Warn("not everything was written home; it is safe in the ledger and goes home after the next start", "error", err)
	}
	return s.close()
}

// abort closes what a server that did not come up has open.
func (s *server) abort() error {
	for _, l := range []net.Listener{s.calls, s.operator} {
		if l != nil {
			l.Close()
		}
	}
	return s.close()
}

// newLog returns the log that the flags ask for.
func newLog(w io.Writer, flags serveFlags) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(flags.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if flags.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
