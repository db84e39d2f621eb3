package rpc

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// A gate lets callers in before their message is read.
type gate struct {
	admit    *service.Gate
	homeOnly bool // public calls are public for callers at home only
	log      *slog.Logger
}

// enter is a connect.RequestGateFunc. Callers without a credential get no
// principal in the context.
func (g gate) enter(ctx context.Context, spec connect.Spec, _ connect.Peer, header http.Header) (context.Context, error) {
	credential, err := auth.Credential(header.Get("Authorization"), header.Get("X-API-Key"))
	if err != nil {
		err = &service.Error{Class: service.ErrUnauthenticated, Text: "the Authorization header must read: Bearer <key>", Cause: err}
		return nil, g.refuse(err, spec, header)
	}
	who, err := g.admit.Admit(ctx, service.Visit{
		Method: spec.Procedure, Credential: credential, Stranger: g.homeOnly && !AtHome(header, header.Get("Host")),
	})
	if err != nil {
		return nil, g.refuse(err, spec, header)
	}
	if who.Anonymous() {
		return nil, nil //nolint:nilnil // the context stays as it is
	}
	return context.WithValue(ctx, callerKey{}, who), nil
}

func (g gate) refuse(err error, spec connect.Spec, header http.Header) error {
	e := Failure(err, g.log, spec.Procedure, header)
	if e.Code() == connect.CodeUnauthenticated {
		e.Meta().Set("Www-Authenticate", "Bearer")
	}
	g.log.Debug("a call was refused", "call", spec.Procedure, "code", e.Code(), "error", err)
	return e
}

type callerKey struct{}

// callerOf returns who makes the call of a context.
func callerOf(ctx context.Context) auth.Principal {
	who, _ := ctx.Value(callerKey{}).(auth.Principal)
	return who
}

// AtHome reports whether a request that reached a loopback address was meant
// for it: made to a loopback name, which a web page of a rebound name is not,
// and through no proxy, which would bring callers from elsewhere.
func AtHome(header http.Header, host string) bool {
	for name := range header {
		if name == "Forwarded" || strings.HasPrefix(name, "X-Forwarded-") {
			return false
		}
	}
	return loopbackName(host)
}

// loopbackName reports whether a host, with or without a port, names this
// machine to itself.
func loopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
