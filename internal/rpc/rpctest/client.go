package rpctest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1/counterv1connect"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
)

// Client returns a client that shows key, "" for none, over HTTP/1.1 by Connect
// in protobuf unless opts say otherwise.
func (s *Server) Client(key string, opts ...connect.ClientOption) taskv1connect.TaskServiceClient {
	return s.ClientOver(s.HTTPClient(false), key, opts...)
}

// ClientOver is Client over another HTTP client.
func (s *Server) ClientOver(h *http.Client, key string, opts ...connect.ClientOption) taskv1connect.TaskServiceClient {
	return taskv1connect.NewTaskServiceClient(h, s.URL, append(opts, connect.WithInterceptors(bearer(key)))...)
}

// CounterClient is Client for counters.
func (s *Server) CounterClient(key string, opts ...connect.ClientOption) counterv1connect.CounterServiceClient {
	return counterv1connect.NewCounterServiceClient(s.HTTPClient(false), s.URL, append(opts, connect.WithInterceptors(bearer(key)))...)
}

// HTTPClient returns a client with connections of its own that speaks HTTP/1.1,
// or HTTP/2 and nothing else.
func (s *Server) HTTPClient(http2 bool) *http.Client {
	p := new(http.Protocols)
	p.SetHTTP1(!http2)
	p.SetHTTP2(http2)
	p.SetUnencryptedHTTP2(http2)
	c := &http.Client{Transport: &http.Transport{Protocols: p, TLSClientConfig: s.trusted.Clone(), MaxIdleConnsPerHost: 100}}
	s.pool = append(s.pool, c)
	return c
}

func trust(leaf *x509.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// bearer shows a credential with every call.
type bearer string

func (b bearer) show(h http.Header) {
	if b != "" {
		h.Set("Authorization", "Bearer "+string(b))
	}
}

// WrapUnary implements connect.Interceptor.
func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		b.show(req.Header())
		return next(ctx, req)
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		b.show(conn.RequestHeader())
		return conn
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
