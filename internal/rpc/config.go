package rpc

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/service"
)

// Config says how a server works. Classes, Gate and Now are required; every
// other field has a usable zero value.
type Config struct {
	Classes []Class
	Gate    *service.Gate
	Now     func() time.Time

	// Log receives failures that callers cannot act on, and a line per call at
	// debug level. If nil, it is discarded.
	Log *slog.Logger

	// HomeOnly makes public calls public only for requests that are meant for
	// this machine: to a loopback name, and through no proxy. Others need a
	// credential. It is for loopback listeners whose operator did not choose who
	// may call.
	HomeOnly bool

	// Origins are the web origins that may call, such as https://example.com. If
	// empty, only pages of the server itself. There is no way to allow all.
	Origins []string

	// Ready says why the server cannot serve yet, or no longer. If nil, it
	// always can.
	Ready func() error

	// Doors are further handlers, by their pattern in a http.ServeMux. They stand
	// behind the security headers and the check of origins, and see to the rest
	// themselves.
	Doors map[string]http.Handler

	// Heartbeat is the silence after which a watch sends one. If zero, 15 s.
	Heartbeat time.Duration

	// SendTimeout is how long a watch may leave a message unread before it is
	// dropped; SendQuiet how much of that passes before anything is done about
	// it over HTTP/2. If zero, 10 s and 1 s.
	SendTimeout time.Duration
	SendQuiet   time.Duration

	// UnaryTimeout bounds every call but Watch and Wait, WaitTimeout bounds
	// Wait. If zero, 10 s and 60 s.
	UnaryTimeout time.Duration
	WaitTimeout  time.Duration

	// MaxBody bounds a request's message, before and after decompression. If
	// zero, 1 MiB.
	MaxBody int

	// The settings of net/http by the same names. If zero, 5 s, 120 s, 16 KiB,
	// 1000, 30 s, 15 s and 30 s.
	ReadHeaderTimeout    time.Duration
	IdleTimeout          time.Duration
	MaxHeaderBytes       int
	MaxConcurrentStreams int
	SendPingTimeout      time.Duration
	PingTimeout          time.Duration
	WriteByteTimeout     time.Duration
}

func (c *Config) fill() error {
	if len(c.Classes) == 0 || c.Gate == nil || c.Now == nil {
		return errors.New("rpc: Config.Classes, Gate and Now are required")
	}
	if err := checkOrigins(c.Origins); err != nil {
		return err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	def(&c.Heartbeat, 15*time.Second)
	def(&c.SendTimeout, 10*time.Second)
	def(&c.SendQuiet, time.Second)
	def(&c.UnaryTimeout, 10*time.Second)
	def(&c.WaitTimeout, 60*time.Second)
	def(&c.MaxBody, 1<<20)
	def(&c.ReadHeaderTimeout, 5*time.Second)
	def(&c.IdleTimeout, 120*time.Second)
	def(&c.MaxHeaderBytes, 16<<10)
	def(&c.MaxConcurrentStreams, 1000)
	def(&c.SendPingTimeout, 30*time.Second)
	def(&c.PingTimeout, 15*time.Second)
	def(&c.WriteByteTimeout, 30*time.Second)
	if c.SendQuiet >= c.SendTimeout {
		return fmt.Errorf("rpc: SendQuiet, %v, must be shorter than SendTimeout, %v", c.SendQuiet, c.SendTimeout)
	}
	return nil
}

func def[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// checkOrigins refuses what is not a single web origin.
func checkOrigins(origins []string) error {
	for _, o := range origins {
		if o == "*" {
			return errors.New("--cors-origin: * would let every web page call; list the origins, such as https://example.com")
		}
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || o != u.Scheme+"://"+u.Host || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("--cors-origin: %q is not an origin; it reads https://host or https://host:port", o)
		}
	}
	return nil
}
