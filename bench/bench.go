package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

const adminKey = "bench-admin-key"

// A bench is one server with its clients.
type bench struct {
	dir     string
	process *server.Process
	url     string
	http    *http.Client
	api     *wire.Client // for what is not measured
}

// A load is what clients do to a server.
type load struct {
	clients int
	// prepare makes what the clients work on.
	prepare func(context.Context) error
	// client makes calls, one after the other, until the context ends, and
	// records each.
	client func(ctx context.Context, n int, m *meter) error
	// verify returns how many acknowledged calls are not there; lifecycles is 0 if
	// the load has none.
	verify func(ctx context.Context, calls int) (missing, lifecycles int, err error)
}

// A result is what a row has measured.
type result struct {
	took       time.Duration
	times      []time.Duration // of each call, ascending
	lifecycles int
	missing    int
	cpu        time.Duration // of the server
	written    int64         // bytes the server caused to be written to the disk
	half, end  size          // of the data directory after half of the time, and at the end
	left       backlog       // what the ledger still held for task files at the end
	traced     traced
}

// measure runs a row, and once more, for a short time, under strace.
func measure(ctx context.Context, o options, r row) (result, error) {
	res, err := once(ctx, o, r, o.duration, nil)
	if err != nil || o.trace == 0 || !canTrace() {
		return res, err
	}
	log := filepath.Join(o.dir, r.name+".strace")
	short, err := once(ctx, o, r, o.trace, traceCommand(log))
	if err != nil {
		return res, fmt.Errorf("under strace: %w", err)
	}
	res.traced, err = readTrace(log, len(short.times))
	return res, err
}

// once runs a row on a fresh server.
func once(ctx context.Context, o options, r row, d time.Duration, wrap []string) (result, error) {
	b, err := newBench(ctx, o, r.name, wrap)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = b.process.Kill() }() // stopped already after a good run
	l := r.load(b)
	if err := l.prepare(ctx); err != nil {
		return result{}, err
	}
	before := processUse(b.process.PID())
	res, err := b.drive(ctx, l, d)
	if err != nil {
		return res, fmt.Errorf("%w\n%s", err, b.process.Log())
	}
	after := processUse(b.process.PID())
	res.cpu, res.written = after.cpu-before.cpu, after.written-before.written
	if res.missing, res.lifecycles, err = l.verify(ctx, len(res.times)); err != nil {
		return res, err
	}
	if res.missing != 0 {
		return res, fmt.Errorf("%d acknowledged calls are not there", res.missing)
	}
	if res.left, err = b.flush(ctx, o.binary); err != nil {
		return res, err
	}
	return res, b.process.Stop()
}

func newBench(ctx context.Context, o options, name string, wrap []string) (*bench, error) {
	addr, err := server.FreeAddr()
	if err != nil {
		return nil, err
	}
	if wrap != nil {
		name += "-traced"
	}
	b := &bench{dir: filepath.Join(o.dir, name), url: "http://" + addr}
	b.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}
	b.api = &wire.Client{URL: b.url, Key: adminKey, HTTP: b.http}
	b.process, err = server.Start(ctx, server.Config{
		Binary: o.binary, Dir: b.dir, Addr: addr, Key: adminKey, Wrap: wrap,
		Args: []string{"--max-events", "0", "--max-followers", "0", "--max-followers-task", "0"},
	})
	return b, err
}

// drive lets the clients loose for a while.
func (b *bench) drive(ctx context.Context, l load, d time.Duration) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var res result
	meters, errs := make([]meter, l.clients), make([]error, l.clients)
	start := time.Now()
	halfway := time.AfterFunc(d/2, func() { res.half = sizeOf(b.dir) })
	var clients sync.WaitGroup
	for n := range l.clients {
		clients.Go(func() {
			if errs[n] = l.client(ctx, n, &meters[n]); errs[n] != nil {
				cancel()
			}
		})
	}
	clients.Wait()
	res.took = time.Since(start)
	halfway.Stop()
	res.end = sizeOf(b.dir)
	res.times = merge(meters)
	for _, err := range errs {
		if err != nil {
			return res, err
		}
	}
	return res, nil
}

// post makes one call with a ready body, as cheaply as net/http can. The answer
// is read and dropped.
func (b *bench) post(method string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, b.url+wire.TaskService+method, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = http.Header{
		"Content-Type":             {"application/json"},
		"Connect-Protocol-Version": {"1"},
		"Authorization":            {"Bearer " + adminKey},
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body) // part of an error text
		return fmt.Errorf("%s: HTTP %d: %s", method, resp.StatusCode, text)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
