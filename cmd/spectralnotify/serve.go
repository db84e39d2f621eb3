package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
)

// serveFlags are the settings of a server. In all limits 0 is off.
type serveFlags struct {
	Addr             string        `default:"127.0.0.1:8094" placeholder:"HOST:PORT" help:"Where calls are answered (${default})."`
	AdminAddr        string        `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Where the operator is answered (${default})."`
	PublicAccess     string        `placeholder:"POLICY" help:"Who may call without a credential: open, capability or authenticated; only open is built. On a loopback address open is the default, for callers on this machine alone."`
	CORSOrigin       []string      `name:"cors-origin" placeholder:"ORIGIN" help:"A web origin whose pages may call, such as https://example.com; may be given again."`
	TLSCert          string        `name:"tls-cert" placeholder:"FILE" help:"Certificate in PEM; with --tls-key."`
	TLSKey           string        `name:"tls-key" placeholder:"FILE" help:"Its private key in PEM."`
	DevTLS           bool          `name:"dev-tls" help:"TLS with a certificate for localhost that is made now and signed by itself."`
	StopTimeout      time.Duration `default:"5s" help:"How long a stop may write tasks home; the rest is safe in the ledger (${default})."`
	MaxEvents        int64         `default:"50000" help:"Events a task may have before it takes no more progress (${default}; 0 is no limit)."`
	MaxFollowersTask int           `default:"1000" help:"Watches of one task at once (${default}; 0 is no limit)."`
	MaxFollowers     int           `default:"10000" help:"Watches at once (${default}; 0 is no limit)."`
	MaxConnections   int           `default:"10000" help:"Connections at once (${default}; 0 is no limit)."`
	MaxJournalBytes  size          `default:"1GiB" placeholder:"SIZE" help:"Disk for events that are not home yet (${default}; 0 is no limit)."`
	MaxPendingBytes  size          `default:"256MiB" placeholder:"SIZE" help:"Memory for events that are not home yet (${default}; 0 is no limit)."`
	LogLevel         string        `enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error (${default})."`
	LogFormat        string        `enum:"text,json" default:"text" help:"text or json (${default})."`
}

type serveCmd struct {
	serveFlags
	dataFlags
}

func (c *serveCmd) Run(ctx context.Context, con *console) error {
	defer tuneMemory()()
	defer giveBackMemory()()
	s, err := openServer(con, c.serveFlags, c.DataDir)
	if errors.Is(err, journal.ErrDamaged) {
		return fmt.Errorf("%w; look closer with: spectralnotify doctor --data-dir %s", err, shown(c.DataDir))
	}
	if err != nil {
		return err
	}
	s.sayKey(con.out)
	s.sayReady(con.out, fmt.Sprintf("try: spectralnotify task create hello%s", s.flagsForClients()))
	return s.run(ctx)
}

// A plan is what the flags of a server mean, checked.
type plan struct {
	flags     serveFlags
	homeOnly  bool // open only for callers on this machine
	tls       *tls.Config
	bootstrap auth.Bootstrap
	preset    bool // there is a bootstrap key
}

// check sees that the flags make sense, before anything is touched.
func (f serveFlags) check() (plan, error) {
	p := plan{flags: f}
	host, err := hostOf("--addr", f.Addr)
	if err != nil {
		return p, err
	}
	if err := f.checkAdminAddr(); err != nil {
		return p, err
	}
	if p.homeOnly, err = f.checkAccess(isLoopback(host)); err != nil {
		return p, err
	}
	if err := errors.Join(f.checkLimits(), f.checkOrigins()); err != nil {
		return p, err
	}
	if p.tls, err = f.checkTLS(); err != nil {
		return p, err
	}
	if key, set := os.LookupEnv(envBootstrapKey); set && key != "" {
		p.preset = true
		if p.bootstrap, err = auth.NewBootstrap(key); err != nil {
			return p, usagef("%s: must be 8 to 256 printable ASCII characters", envBootstrapKey)
		}
	}
	return p, nil
}

// hostOf returns the host of an address that a flag gave.
func hostOf(flag, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", usagef("%s: %q is not HOST:PORT, give one such as 127.0.0.1:8094", flag, addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", usagef("%s: %q is not HOST:PORT, the port is from 0 to 65535", flag, addr)
	}
	return host, nil
}

// checkAdminAddr keeps the operator's listener on this machine: it is not
// guarded against the world.
func (f serveFlags) checkAdminAddr() error {
	host, err := hostOf("--admin-addr", f.AdminAddr)
	if err != nil {
		return err
	}
	if !isLoopback(host) {
		return usagef("--admin-addr: must be on this machine, such as 127.0.0.1:0, not %s", f.AdminAddr)
	}
	return nil
}

// checkAccess decides who may call without a credential.
func (f serveFlags) checkAccess(loopback bool) (homeOnly bool, err error) {
	switch f.PublicAccess {
	case "open":
		return false, nil
	case "capability", "authenticated":
		return false, usagef("--public-access: %s is not built yet, only open", f.PublicAccess)
	case "":
		if loopback {
			return true, nil
		}
		return false, usagef("--public-access: %s can be reached from other machines, so say who may call without a credential: open, capability or authenticated (only open is built yet)", f.Addr)
	}
	return false, usagef("--public-access: %q is none of open, capability, authenticated", f.PublicAccess)
}

func (f serveFlags) checkLimits() error {
	for name, n := range map[string]int64{
		"--stop-timeout": int64(f.StopTimeout), "--max-events": f.MaxEvents, "--max-followers-task": int64(f.MaxFollowersTask),
		"--max-followers": int64(f.MaxFollowers), "--max-connections": int64(f.MaxConnections),
	} {
		if n < 0 {
			return usagef("%s: must not be negative", name)
		}
	}
	return nil
}

func (f serveFlags) checkOrigins() error {
	for _, origin := range f.CORSOrigin {
		if origin == "*" {
			return usagef("--cors-origin: * would let every web page call; list the origins, such as https://example.com")
		}
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			return usagef("--cors-origin: %q is no origin, give one such as https://example.com", origin)
		}
	}
	return nil
}

func (f serveFlags) checkTLS() (*tls.Config, error) {
	switch {
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return nil, usagef("--tls-cert and --tls-key: give both")
	case f.TLSCert != "" && f.DevTLS:
		return nil, usagef("--dev-tls: not together with --tls-cert")
	case f.TLSCert != "":
		config, err := rpc.LoadTLS(f.TLSCert, f.TLSKey)
		if err != nil {
			return nil, usagef("%v", err)
		}
		return config, nil
	case f.DevTLS:
		return rpc.DevTLS(time.Now())
	}
	return nil, nil
}

// listen opens a listener; flag is where its address came from.
func listen(flag, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %w; choose another, port 0 is any free one", flag, addr, cause(err))
	}
	return l, nil
}

// cause is the system's word for why a network operation failed.
func cause(err error) error {
	if op, ok := err.(*net.OpError); ok { //nolint:errorlint // net.Listen returns it bare
		return op.Err
	}
	return err
}

// shown is a path as a person would type it.
func shown(path string) string {
	if strings.ContainsAny(path, " '\"\\$") {
		return fmt.Sprintf("%q", path)
	}
	return path
}
