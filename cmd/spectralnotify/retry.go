package main

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"time"

	"connectrpc.com/connect"
)

const (
	tries     = 5
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second

	// patience is how long one try may take: a server answers, or gives up,
	// after 10 s.
	patience = 15 * time.Second
)

// withKey adds the caller's key to every call, if there is one.
type withKey string

func (k withKey) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if k != "" {
			req.Header().Set("Authorization", "Bearer "+string(k))
		}
		return next(ctx, req)
	}
}

func (k withKey) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		if k != "" {
			conn.RequestHeader().Set("Authorization", "Bearer "+string(k))
		}
		return conn
	}
}

func (withKey) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// retryUnavailable tries a call again while the server is unavailable. A call
// that changes something carries a random Idempotency-Key, the same at every
// try, so that it has its effect once.
type retryUnavailable struct {
	patience time.Duration // for each try; 0 is without end
}

func (r retryUnavailable) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IdempotencyLevel != connect.IdempotencyNoSideEffects && req.Header().Get("Idempotency-Key") == "" {
			req.Header().Set("Idempotency-Key", rand.Text())
		}
		for try := 1; ; try++ {
			res, err := r.once(ctx, next, req)
			if err == nil || connect.CodeOf(err) != connect.CodeUnavailable || try == tries {
				return res, err
			}
			if pause(ctx, backOff(try)) != nil {
				return nil, err
			}
		}
	}
}

func (r retryUnavailable) once(ctx context.Context, next connect.UnaryFunc, req connect.AnyRequest) (connect.AnyResponse, error) {
	if r.patience == 0 {
		return next(ctx, req)
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	return next(ctx, req)
}

func (retryUnavailable) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (retryUnavailable) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// backOff is how long to wait after the nth try that failed, n from 1: twice as
// long each time up to a bound, anywhere in the upper half of it, so that many
// clients do not come back at once.
func backOff(n int) time.Duration {
	wait := longWait
	if n < 7 {
		wait = min(firstWait<<(n-1), longWait)
	}
	return wait/2 + mathrand.N(wait/2+1)
}

// pause waits, or fails with the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
