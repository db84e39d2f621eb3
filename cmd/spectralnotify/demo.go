package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/work"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

type demoCmd struct {
	Addr    string  `default:"127.0.0.1:8094" placeholder:"HOST:PORT" help:"Where calls are answered (${default})."`
	DataDir string  `placeholder:"DIR" help:"Data directory; if not given, a temporary one that is removed at the end."`
	Jobs    int     `default:"6" help:"How many jobs run at once (${default})."`
	Total   int     `help:"End after so many jobs; else go on until Ctrl-C."`
	Seed    uint64  `help:"Repeat the jobs of an earlier run, whose seed this is; 0 makes new ones."`
	Speed   float64 `default:"1" help:"How much faster than real the jobs run (${default})."`
}

// Help is what --help adds.
func (c *demoCmd) Help() string {
	return "The jobs are made up, but all else is real: a program reports on them over HTTP, and what you see is a watch. The dashboard shows the same in a browser. Ctrl-C ends."
}

func (c *demoCmd) Run(ctx context.Context, con *console) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	dir, remove, err := c.dir()
	if err != nil {
		return err
	}
	defer remove()
	s, err := openServer(con, c.flags(), dir)
	if err != nil {
		return err
	}
	s.sayReady(con.out, fmt.Sprintf("seed %d · Ctrl-C ends\nfrom another terminal: spectralnotify task list%s", c.Seed, s.flagsForClients()))
	ctx, leave := context.WithCancel(ctx)
	jobs := sync.WaitGroup{}
	jobs.Go(func() {
		defer leave()
		err = c.play(ctx, con, s)
	})
	stopped := s.run(ctx)
	leave()
	jobs.Wait()
	if err == nil {
		err = stopped
	}
	return err
}

func (c *demoCmd) check() error {
	switch {
	case c.Jobs < 1 || c.Jobs > 1000:
		return usagef("--jobs: must be from 1 to 1000, not %d", c.Jobs)
	case c.Total < 0:
		return usagef("--total: must not be negative")
	case !(c.Speed > 0 && c.Speed <= 1000):
		return usagef("--speed: must be more than 0, at most 1000")
	}
	if c.Seed == 0 {
		c.Seed = 1 + rand.Uint64N(1_000_000)
	}
	return nil
}

// flags are those of a server with everything as usual.
func (c *demoCmd) flags() serveFlags {
	return serveFlags{
		Addr: c.Addr, AdminAddr: "127.0.0.1:0", StopTimeout: 5 * time.Second, LogLevel: "warn",
		MaxEvents: 50_000, MaxFollowersTask: 1000, MaxFollowers: 10_000, MaxConnections: 10_000,
		MaxJournalBytes: 1 << 30, MaxPendingBytes: 256 << 20,
	}
}

// dir returns the data directory, and what to do with it at the end.
func (c *demoCmd) dir() (dir string, remove func(), err error) {
	if c.DataDir != "" {
		return c.DataDir, func() {}, nil
	}
	removeDemos(os.TempDir())
	dir, err = os.MkdirTemp("", demoPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

const demoPrefix = "spectralnotify-demo-"

// removeDemos removes this user's directories of demos that were killed: nobody
// holds them. One that is being made now is left alone.
func removeDemos(temp string) {
	left, _ := filepath.Glob(filepath.Join(temp, demoPrefix+"*")) // the pattern is well formed
	for _, path := range left {
		about, err := os.Lstat(path)
		if err != nil || !about.IsDir() || time.Since(about.ModTime()) < time.Minute {
			continue
		}
		if of, ok := about.Sys().(*syscall.Stat_t); !ok || int(of.Uid) != os.Getuid() {
			continue // in a directory that all may write to
		}
		if lock, err := datadir.Dir(path).Hold(); err == nil {
			os.RemoveAll(path)
			lock.Close()
		}
	}
}

// play runs jobs and shows them until ctx ends or all are done.
func (c *demoCmd) play(ctx context.Context, con *console, s *server) error {
	base, err := url.Parse(s.url())
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	p := &players{client: newClient(base, s.adminKey(), false), speed: c.Speed, news: make(chan news)}
	shown := make(chan error, 1)
	go func() { shown <- showDemo(con, p.news) }()
	err = p.run(ctx, work.NewPlanner(c.Seed), c.Jobs, c.Total)
	close(p.news)
	if e := <-shown; err == nil {
		err = e
	}
	if ctx.Err() != nil {
		return nil // Ctrl-C is how it ends
	}
	return err
}

// showDemo shows the news of jobs: bars on a terminal, else a line for each.
func showDemo(con *console, all <-chan news) error {
	if isTerminal(con.out) {
		return newStage(con.out, nil, 17, true).run(all)
	}
	for n := range all {
		if e := n.message.GetEvent(); e != nil {
			if _, err := fmt.Fprintf(con.out, "%s  %s\n", time.Now().Format(time.TimeOnly), demoLine(e)); err != nil {
				drain(all)
				return err
			}
		}
	}
	return nil
}

func demoLine(e *taskv1.TaskEvent) string {
	t := e.GetTask()
	return fmt.Sprintf("%-18s %-11s %3d%%  %s", t.GetTaskId(), statusWord(t.GetStatus()), t.GetProgress(), bar.Plain(e.GetEvent().GetMessage()))
}

// players act jobs out.
type players struct {
	client taskv1connect.TaskServiceClient
	speed  float64
	news   chan news
}

// run acts out n plans at once, total in all, 0 for without end.
func (p *players) run(ctx context.Context, planner *work.Planner, n, total int) error {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	plans := make(chan work.Plan)
	go func() {
		defer close(plans)
		for i := 0; total == 0 || i < total; i++ {
			select {
			case plans <- planner.Next():
			case <-ctx.Done():
				return
			}
		}
	}()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if pause(ctx, p.time(time.Duration(i)*700*time.Millisecond)) != nil {
				return
			}
			for plan := range plans {
				if err := p.act(ctx, plan); err != nil {
					leave(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// act reports one job while a watch of it runs.
func (p *players) act(ctx context.Context, plan work.Plan) error {
	about, err := structpb.NewStruct(plan.Metadata)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	_, err = p.client.Create(ctx, &taskv1.CreateRequest{TaskId: plan.ID, Type: plan.Type, Tags: plan.Tags, Metadata: about})
	if err != nil {
		return err
	}
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() {
		follow(ctx, openTasks(p.client, &taskv1.WatchRequest{History: proto.Int32(1)}), plan.ID, p.news)
	})
	for _, step := range plan.Steps {
		if err := pause(ctx, p.time(step.After)); err != nil {
			return err
		}
		if err := p.report(ctx, plan.ID, step); err != nil {
			return err
		}
	}
	return nil
}

func (p *players) time(d time.Duration) time.Duration {
	return time.Duration(float64(d) / p.speed)
}

// report makes the call that a step stands for.
func (p *players) report(ctx context.Context, id string, step work.Step) error {
	more, err := structpb.NewStruct(step.Metadata)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	switch step.Verb {
	case work.Progress:
		_, err = p.client.UpdateProgress(ctx, &taskv1.UpdateProgressRequest{TaskId: id, Progress: int32(step.Percent), Message: step.Text})
	case work.Log:
		_, err = p.client.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: id, Event: &taskv1.NewEvent{Message: step.Text}})
	case work.Trouble:
		_, err = p.client.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: id, Event: &taskv1.NewEvent{EventType: taskv1.EventType_EVENT_TYPE_ERROR, Message: step.Text}})
	case work.Complete:
		_, err = p.client.Complete(ctx, &taskv1.CompleteRequest{TaskId: id, Metadata: more})
	case work.Fail:
		_, err = p.client.Fail(ctx, &taskv1.FailRequest{TaskId: id, Error: step.Text, Metadata: more})
	case work.Cancel:
		_, err = p.client.Cancel(ctx, &taskv1.CancelRequest{TaskId: id, Metadata: more})
	}
	return err
}
