package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// A backlog is what was not home when the load ended. If the ledger keeps up, it
// is what a second or so of the load brings, however long the load was.
type backlog struct {
	events int64
	took   time.Duration // to write it home
}

// flush lets the running server write home what is left.
func (b *bench) flush(ctx context.Context, binary string) (backlog, error) {
	cmd := exec.CommandContext(ctx, binary, "flush", "--data-dir", b.dir, "--output", "json")
	cmd.Env = append(os.Environ(), "SPECTRALNOTIFY_API_KEY="+adminKey)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return backlog{}, fmt.Errorf("flush: %w: %s", err, stderr.String())
	}
	var answer struct {
		Events int64 `json:"events,string"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return backlog{}, fmt.Errorf("flush said %q: %w", out, err)
	}
	return backlog{events: answer.Events, took: time.Since(start)}, nil
}
