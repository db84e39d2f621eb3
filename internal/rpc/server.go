package rpc

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"connectrpc.com/connect"
	connectcors "connectrpc.com/cors"
	"connectrpc.com/validate"
	"github.com/rs/cors"
	"golang.org/x/net/netutil"

	"github.com/spectralnotify/spectralnotify/internal/patience"
)

// New returns a server that is ready to be given a listener: plain ones serve
// HTTP/1.1 and HTTP/2, by Serve; with TLSConfig set, ServeTLS does. Its watches
// end when the hosts drain, so drain that before Shutdown.
func New(cfg Config) (*http.Server, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	handler, err := cfg.handler()
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    cfg.MaxHeaderBytes,
		// What net/http has to say is about peers that break rules or leave.
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
		// ReadTimeout and WriteTimeout stay 0: both would end idle watches.
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          cfg.MaxConcurrentStreams,
			MaxReceiveBufferPerConnection: 256 << 10,
			MaxReceiveBufferPerStream:     64 << 10,
			// A peer that is gone but whose watch is open is noticed by these.
			SendPingTimeout:  cfg.SendPingTimeout,
			PingTimeout:      cfg.PingTimeout,
			WriteByteTimeout: cfg.WriteByteTimeout,
		},
	}, nil
}

// Limit returns a listener that has at most n connections open at once; others
// wait. If n is 0, it returns l.
func Limit(l net.Listener, n int) net.Listener {
	if n == 0 {
		return l
	}
	return netutil.LimitListener(l, n)
}

// handler returns all doors, from the outside inwards: security headers, CORS,
// the check of origins, the paths.
func (c *Config) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	for _, class := range c.Classes {
		calls := withBoundedBody(c.calls(class), 4*int64(c.MaxBody), c.UnaryTimeout)
		for _, procedure := range procedures(class.service) {
			handler := spoken(procedure, calls)
			if procedure.streams() {
				handler = withOutlet(handler)
			}
			mux.Handle(procedure.path(), handler)
		}
	}
	mux.HandleFunc("/healthz", alive)
	mux.HandleFunc("/readyz", c.ready)
	for pattern, door := range c.Doors {
		mux.Handle(pattern, door)
	}
	if _, taken := c.Doors["/"]; !taken {
		mux.Handle("/", NotFound())
	}
	guarded, err := c.sameOrigin(mux)
	if err != nil {
		return nil, err
	}
	return withSecurityHeaders(c.cors(guarded)), nil
}

// calls returns the handler of a class.
func (c *Config) calls(class Class) http.Handler {
	return class.handler(
		desk{log: c.Log, now: c.Now, heartbeat: c.Heartbeat, patience: patience.New(c.SendQuiet), unread: c.SendTimeout - c.SendQuiet},
		codecs(),
		connect.WithReadMaxBytes(c.MaxBody),
		connect.WithSendMaxBytes(maxSend),
		connect.WithCompressMinBytes(1024),
		connect.WithRequestGate(gate{admit: c.Gate, homeOnly: c.HomeOnly, log: c.Log}.enter),
		connect.WithInterceptors(&interceptor{
			log: c.Log, now: c.Now, unary: c.UnaryTimeout, wait: c.WaitTimeout + waitMargin,
			checks: validate.NewInterceptor(),
		}),
	)
}

// sameOrigin is the check of origins in front of all doors.
func (c *Config) sameOrigin(next http.Handler) (http.Handler, error) {
	p, err := SameOrigin(c.Origins)
	if err != nil {
		return nil, err
	}
	return p.Handler(next), nil
}

// SameOrigin returns the check that refuses what a browser sends on behalf of a
// page of another origin that is not listed, whatever the credential. It lets
// GET pass, which changes nothing; a door that opens streams by GET asks it for
// those itself.
func SameOrigin(origins []string) (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	for _, o := range origins {
		if err := p.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("--cors-origin: %q: %w", o, err)
		}
	}
	p.SetDenyHandler(http.HandlerFunc(DenyOrigin))
	return p, nil
}

// DenyOrigin answers a request of a page of a foreign origin.
func DenyOrigin(w http.ResponseWriter, r *http.Request) {
	refuse(w, r, connect.CodePermissionDenied, "FOREIGN_ORIGIN", "pages of this origin may not call; its owner lists it with --cors-origin")
}

// cors lets pages of the listed origins call.
func (c *Config) cors(next http.Handler) http.Handler {
	if len(c.Origins) == 0 { // rs/cors would take an empty list for all
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: c.Origins,
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", "X-API-Key", keyHeader, requestIDHeader),
		ExposedHeaders: append(connectcors.ExposedHeaders(), replayedHeader),
		MaxAge:         7200, // seconds
	}).Handler(next)
}
