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

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// Pattern is where a Door stands in a http.ServeMux. What follows /ws/task/ is
// the task's id, percent-encoded where need be.
const Pattern = "/ws/task/{" + idInPath + "...}"

const idInPath = "taskId"

// procedure is the call whose rule in the policy says who may open a socket.
const procedure = taskv1connect.TaskServiceWatchProcedure

// maxIncoming bounds what a peer may send in one message, in bytes.
const maxIncoming = 32 << 10

// Config says how a Door works. Service, Gate and Now are required; every other
// field has a usable zero value.
type Config struct {
	Service *service.Service
	Gate    *service.Gate
	Now     func() time.Time

	// Log receives failures that peers cannot act on. If nil, it is discarded.
	Log *slog.Logger

	// HomeOnly and Origins are as in rpc.Config.
	HomeOnly bool
	Origins  []string

	// SendTimeout is how long a peer may leave a message unread before it is
	// dropped. If zero, 10 s.
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
	if c.Service == nil || c.Gate == nil || c.Now == nil {
		return errors.New("ws: Config.Service, Gate and Now are required")
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

// A Door is the handler of /ws/task/. It is safe for concurrent use.
type Door struct {
	cfg     Config
	origins *http.CrossOriginProtection
	encoded atomic.Int64 // updates that were encoded, each for all who share it

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
	d := &Door{cfg: cfg, origins: origins}
	d.ctx, d.cut = context.WithCancel(context.Background())
	return d, nil
}

// Close refuses new sockets and waits for those that are open, which close when
// the host of tasks drains; drain that before. When ctx ends it cuts what is
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

// ServeHTTP turns a request into a socket and serves it to its end, or refuses
// it with the failures of calls.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.foreign(r) {
		rpc.DenyOrigin(w, r)
		return
	}
	s := &socket{door: d}
	if err := s.prepare(r); err != nil {
		rpc.Refuse(w, r, rpc.Failure(err, d.cfg.Log, procedure, r.Header))
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
