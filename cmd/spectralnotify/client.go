package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1/counterv1connect"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

// clientFlags say which server a command talks to, and as whom.
type clientFlags struct {
	URL        string `default:"http://127.0.0.1:8094" placeholder:"URL" help:"Server (${default})."`
	APIKeyFile string `name:"api-key-file" placeholder:"FILE" help:"File with the API key; else SPECTRALNOTIFY_API_KEY, else the data directory's own admin key if its server is the one talked to."`
	Insecure   bool   `help:"Accept any certificate of a server on this machine (for serve --dev-tls)."`
	dataFlags
}

// client returns a client of the task service. Its calls carry the key, and are
// tried again while the server is unavailable.
func (f clientFlags) client() (taskv1connect.TaskServiceClient, error) {
	base, key, err := f.server()
	if err != nil {
		return nil, err
	}
	return newClient(base, key, f.Insecure), nil
}

// counters returns a client of the counter service, which works as client does.
func (f clientFlags) counters() (counterv1connect.CounterServiceClient, error) {
	base, key, err := f.server()
	if err != nil {
		return nil, err
	}
	return counterv1connect.NewCounterServiceClient(newHTTPClient(f.Insecure), trimmed(base), calling(key)), nil
}

// server returns where the server is, and the key for it.
func (f clientFlags) server() (base *url.URL, key string, err error) {
	if base, err = f.base(); err != nil {
		return nil, "", err
	}
	key, err = f.key(base)
	return base, key, err
}

func newClient(base *url.URL, key string, insecure bool) taskv1connect.TaskServiceClient {
	return taskv1connect.NewTaskServiceClient(newHTTPClient(insecure), trimmed(base), calling(key))
}

func trimmed(base *url.URL) string { return strings.TrimSuffix(base.String(), "/") }

// calling is how calls are made: with the key, and again while the server is
// unavailable.
func calling(key string) connect.ClientOption {
	return connect.WithInterceptors(withKey(key), retryUnavailable{patience})
}

// newHTTPClient speaks HTTP/1.1, one connection per watch, so that what a
// proxy or a firewall does to one does not end the others.
func newHTTPClient(insecure bool) *http.Client {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     30 * time.Second,
		Protocols:           new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(true)
	if insecure {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for, and only on this machine
	}
	return &http.Client{Transport: transport}
}

func (f clientFlags) base() (*url.URL, error) {
	base, err := url.Parse(f.URL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, usagef("--url: %q is not a URL of a server, give one such as http://127.0.0.1:8094", f.URL)
	}
	if f.Insecure && !isLoopback(base.Hostname()) {
		return nil, usagef("--insecure: only for a server on this machine, not for %s", base.Hostname())
	}
	return base, nil
}

// key finds the caller's key; empty if there is none, which is fine for public
// calls.
func (f clientFlags) key(base *url.URL) (string, error) {
	if f.APIKeyFile != "" {
		key, err := datadir.ReadKey(f.APIKeyFile)
		if err != nil {
			return "", usagef("--api-key-file: %v", err)
		}
		return key, nil
	}
	if key := apiKeyFromEnv(); key != "" {
		return strings.TrimSpace(key), nil
	}
	return f.homeKey(base), nil
}

// homeKey is the admin key of the data directory whose server is talked to. It
// goes to no other server: not to another machine, nor to another port.
func (f clientFlags) homeKey(base *url.URL) string {
	dir := datadir.Dir(f.DataDir)
	holder, ok := dir.Holder()
	if !ok || !alive(holder.PID) || !isLoopback(base.Hostname()) || portOf(base) != holderPort(holder) {
		return ""
	}
	key, err := dir.ReadAdminKey()
	if err != nil {
		return ""
	}
	return key
}

// alive reports whether a process exists. The one that LOCK names may have been
// killed, and its port taken by a program that must not be shown the key.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func holderPort(h datadir.Holder) string {
	_, port, err := net.SplitHostPort(h.Addr)
	if err != nil {
		return "none"
	}
	return port
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// isLoopback reports whether a host, a name or an address, is this machine.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
