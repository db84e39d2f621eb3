package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// Config says how a process is started.
type Config struct {
	Binary string // required
	Dir    string // required: the data directory
	Addr   string // required: host:port
	Key    string // required: the admin key of its life, 8 characters or more

	Wrap []string // a command that runs the binary, such as strace and its flags
	Args []string // more flags of serve
	Env  []string // more environment, NAME=value
}

// A Process is one run of the binary. Its methods are for one goroutine, but
// for URL, PID and Log.
type Process struct {
	cfg    Config
	cmd    *exec.Cmd
	log    *tail
	exited chan struct{} // closed when the process is gone
	err    error         // how it went; set before exited is closed
}

// FreeAddr returns an address of this machine that nobody listens on now.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("server: find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Start starts the binary and waits until it is ready.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	p, err := Launch(cfg)
	if err != nil {
		return nil, err
	}
	if err := p.Ready(ctx); err != nil {
		_ = p.Kill() // it is being reported already
		return nil, err
	}
	return p, nil
}

// Launch starts the binary and does not wait for anything.
func Launch(cfg Config) (*Process, error) {
	line := slices.Concat(cfg.Wrap, []string{cfg.Binary, "serve", "--addr", cfg.Addr, "--data-dir", cfg.Dir}, cfg.Args)
	p := &Process{cfg: cfg, cmd: exec.Command(line[0], line[1:]...), log: &tail{}, exited: make(chan struct{})}
	p.cmd.Env = slices.Concat(os.Environ(), []string{
		"SPECTRALNOTIFY_BOOTSTRAP_KEY=" + cfg.Key,
		"SPECTRALNOTIFY_RATE_PRINCIPAL=0", "SPECTRALNOTIFY_RATE_IP=0",
	}, cfg.Env)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a wrapped one is killed too
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("server: start %s: %w", cfg.Binary, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// Ready waits until /readyz says so; an error if the process exits before.
func (p *Process) Ready(ctx context.Context) error {
	probe := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if resp, err := probe.Get(p.URL() + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case <-p.exited:
			return fmt.Errorf("server: exited before it was ready: %v\n%s", p.err, p.log)
		case <-ctx.Done():
			return fmt.Errorf("server: not ready: %w\n%s", ctx.Err(), p.log)
		}
	}
}

// URL is where the process serves.
func (p *Process) URL() string { return "http://" + p.cfg.Addr }

// PID is the process's number; that of the wrapper if there is one.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log returns the last part of what the process printed.
func (p *Process) Log() string { return p.log.String() }

// Exited is closed when the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *Process) Kill() error {
	err := syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.exited
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("server: kill: %w", err)
	}
	return nil
}

// Stop ends the process with SIGTERM and waits until it is gone, at most 15 s;
// an error unless it exits 0.
func (p *Process) Stop() error {
	if err := syscall.Kill(-p.PID(), syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("server: stop: %w", err)
	}
	late := time.NewTimer(15 * time.Second)
	defer late.Stop()
	select {
	case <-p.exited:
	case <-late.C:
		_ = p.Kill()
		return fmt.Errorf("server: did not stop within 15 s\n%s", p.log)
	}
	if p.err != nil {
		return fmt.Errorf("server: stopped with %w\n%s", p.err, p.log)
	}
	return nil
}
