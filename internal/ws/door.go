package ws

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/patience"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

const idInPath = "id"

// maxIncoming bounds what a peer may send in one message, in bytes.
const maxIncoming = 32 << 10

// Config says how a Door works. Classes, Gate and Now are required; every other
// field has a usable zero value.
type Config struct {
	Classes []Class
	Gate    *service.Gate
	Now     func() time.Time

	// Log receives failures that peers cannot act on. If nil, it is discarded.
	Log *slog.Logger

	// HomeOnly and Origins are as in rpc.Config.
	HomeOnly bool
	Origins  []string

	// SendTimeout is how long a peer may leave a message unread before it is
	// dropped; it is then dropped within a quarter more. If zero, 10 s.
	SendTimeout time.Duration

	// AuthTimeout is how long the first message with a credential may take where
	// one is needed. If zero, 5 s.
	AuthTimeout time.Duration

	// PingEvery is how often a peer is asked for a sign of life, PingTimeout how
	// long it may take to give one. If zero, 30 s and 15 s.
	PingEvery   time.Duration
	PingTimeout time.Duration
}

func (c *Config) fill() error {
	if len(c.Classes) == 0 || c.Gate == nil || c.Now == nil {
		return errors.New("ws: Config.Classes, Gate and Now are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	def(&c.SendTimeout, 10*time.Second)
	def(&c.AuthTimeout, 5*time.Second)
	def(&c.PingEvery, 30*time.Second)
	def(&c.PingTimeout, 15*time.Second)
	return nil
}

func def(v *time.Duration, d time.Duration) {
	if *v == 0 {
		*v = d
	}
}

// A Door is the handler of /ws/. It is safe for concurrent use.
type Door struct {
	cfg     Config
	origins *http.CrossOriginProtection
	encoded atomic.Int64 // updates that were encoded, each for all who share it

	patience *patience.Patience // with peers that leave a message unread

	ctx  context.Context // of all sockets; ends when Close has waited long enough
	cut  context.CancelFunc
	mu   sync.Mutex
	shut bool           // no more sockets
	open sync.WaitGroup // sockets; grows under mu while not shut
}

// New returns a Door. Close must be called.
func New(cfg Config) (*Door, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	origins, err := rpc.SameOrigin(cfg.Origins)
	if err != nil {
		return nil, err
	}
	d := &Door{cfg: cfg, origins: origins, patience: patience.New(cfg.SendTimeout)}
	d.ctx, d.cut = context.WithCancel(context.Background())
	return d, nil
}

// Close refuses new sockets and waits for those that are open, which close when
// the hosts drain; drain them before. When ctx ends it cuts what is
// left. http.Server.Shutdown does not know of sockets.
func (d *Door) Close(ctx context.Context) {
	d.mu.Lock()
	d.shut = true
	d.mu.Unlock()
	stop := context.AfterFunc(ctx, d.cut)
	d.open.Wait()
	stop()
	d.cut()
}

// enter counts one more socket; leave must follow unless it fails.
func (d *Door) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return object.ErrDraining
	}
	d.open.Add(1)
	return nil
}

// Handlers returns the handler of each class, by its pattern in a http.ServeMux.
func (d *Door) Handlers() map[string]http.Handler {
	all := map[string]http.Handler{}
	for _, class := range d.cfg.Classes {
		all["/ws/"+class.name+"/{"+idInPath+"...}"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			d.serve(class, w, r)
		})
	}
	return all
}

// serve turns a request into a socket and serves it to its end, or refuses it with
// the failures of calls.
func (d *Door) serve(class Class, w http.ResponseWriter, r *http.Request) {
	if d.foreign(r) {
		rpc.DenyOrigin(w, r)
		return
	}
	s := &socket{door: d, class: class}
	if err := s.prepare(r); err != nil {
		rpc.Refuse(w, r, rpc.Failure(err, d.cfg.Log, class.procedure, r.Header))
		return
	}
	defer s.close()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // origins are checked above
		Subprotocols:       s.protocols,
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxIncoming)
	s.serve(conn)
}

// foreign reports whether the page behind a request is of a foreign origin. The
// check lets GET pass, so it is shown a method that changes things.
func (d *Door) foreign(r *http.Request) bool {
	changing := *r
	changing.Method = http.MethodPost
	return d.origins.Check(&changing) != nil
}
