package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// Once asks that a call happens at most once.
type Once struct {
	Method  string   // the full name of the call, such as /a.v1.Service/Do
	Key     string   // the caller's idempotency key
	Request [32]byte // SHA-256 of the decoded request in canonical form
}

// idempotency returns the key as the host compares it. Keys are a caller's own;
// callers without a subject share those of a task, since all know it.
func (o *Once) idempotency(who auth.Principal, id string) *object.Idempotency {
	if o == nil {
		return nil
	}
	scope := "subject:" + who.Subject
	if who.Anonymous() {
		scope = "task:" + id
	}
	return &object.Idempotency{Digest: digest(o.Method, scope, o.Key), Request: o.Request}
}

// digest is SHA-256 of the parts, each after its length.
func digest(parts ...string) [32]byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}

// newID makes the id of a task whose creator chose none: 26 letters and digits,
// of at least 128 random bits.
func newID() string { return strings.ToLower(rand.Text()) }

// replay rebuilds the answer of a call that happened before, from the command
// and the task after it. Metadata and result are not kept with the receipt: what
// the command set is in the command, and the rest is read from the task, as long
// as it exists.
func (s *Service) replay(ctx context.Context, cmd task.Command, then task.Task, who auth.Principal) (Result, error) {
	now, err := s.host.Get(ctx, then.ID)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return Result{}, told(err, then.ID)
	}
	if err == nil && now.CreatedAt == then.CreatedAt {
		then.Metadata = now.Metadata
		if then.Status.Final() {
			then.Result = now.Result
		}
	}
	r := Result{Task: then, Replayed: true}
	switch c := cmd.(type) {
	case task.Delete:
		return r, nil
	case task.Create:
		r.Task.Metadata = c.Metadata
	case task.Complete:
		r.Task.Result = c.Result
	case task.Fail:
		r.Task.Result = c.Result
	case task.Cancel:
		r.Task.Result = c.Result
	}
	r.Events = task.Events(cmd, r.Task, who.Subject)
	return r, nil
}
