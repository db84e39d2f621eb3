package ws

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// bearerProtocol begins the subprotocol that carries a credential: a page's only
// way to send one with the request.
const bearerProtocol = "sn.bearer."

// snapshotEvents is how many events a snapshot carries.
const snapshotEvents = 10

// prepare reads a request, lets its caller in and begins to follow, unless the
// credential is to come as the first message. After an error there is nothing to
// close.
func (s *socket) prepare(r *http.Request) error {
	if err := s.read(r); err != nil {
		return err
	}
	credential, err := s.credential(r.Header)
	if err != nil {
		return err
	}
	s.stranger = s.door.cfg.HomeOnly && !rpc.AtHome(r.Header, r.Host)
	if err := s.door.enter(); err != nil {
		return err
	}
	switch err = s.admit(r.Context(), credential); {
	case err == nil:
		err = s.follow(r.Context())
	case credential == "" && errors.Is(err, service.ErrUnauthenticated):
		s.introduced, err = make(chan struct{}), nil
	}
	if err != nil {
		s.door.open.Done()
	}
	return err
}

// read takes what the URL says.
func (s *socket) read(r *http.Request) error {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return rule.Invalid("Upgrade", "is missing: this path is a WebSocket, open it with ws:// or wss://")
	}
	s.id = r.PathValue(idInPath)
	if err := s.class.validID(s.id); err != nil {
		return err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return rule.Invalid("query", "cannot be read; encode its values with percent signs")
	}
	if err := withoutSecrets(query); err != nil {
		return err
	}
	switch query.Get("snapshot") {
	case "", "0", "false":
	case "1", "true":
		s.snapshot = true
	default:
		return rule.Invalid("snapshot", "must be 1 or 0")
	}
	s.ask = object.Follow{Cursor: query.Get("cursor"), Forever: true, WaitForCreate: true, Whole: true}
	if s.snapshot {
		s.ask.History = snapshotEvents
	}
	return nil
}

// withoutSecrets refuses a credential in the URL, since URLs are written into
// logs on their way.
func withoutSecrets(query url.Values) error {
	for name := range query {
		switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name)) {
		case "token", "accesstoken", "apikey", "xapikey", "key", "auth", "authorization", "bearer":
			return rule.Invalid(name, "must not be in the URL, since URLs end up in logs: "+
				"send the subprotocol "+bearerProtocol+"TOKEN, the header Authorization, or a first message of type auth")
		}
	}
	return nil
}

// credential returns what the caller shows: by the headers of calls, of which
// the first wins, or by a subprotocol; "" for nothing. A subprotocol with a
// credential is spoken, since a browser hangs up if none that it offers is.
func (s *socket) credential(h http.Header) (string, error) {
	credential, err := auth.Credential(h.Get("Authorization"), h.Get("X-API-Key"))
	if err != nil {
		return "", &service.Error{Class: service.ErrUnauthenticated, Text: "the Authorization header must read: Bearer <key>", Cause: err}
	}
	for _, line := range h.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			token, ok := strings.CutPrefix(strings.TrimSpace(name), bearerProtocol)
			if !ok || token == "" || len(s.protocols) > 0 {
				continue
			}
			s.protocols = []string{bearerProtocol + token}
			if credential == "" {
				credential = token
			}
		}
	}
	return credential, nil
}

// admit asks the gate.
func (s *socket) admit(ctx context.Context, credential string) error {
	_, err := s.door.cfg.Gate.Admit(ctx, service.Visit{Method: s.class.procedure, Credential: credential, Stranger: s.stranger})
	return err
}

// follow begins to follow the object. A cursor that this API never gave is told by
// a reset, like one that cannot be resumed.
func (s *socket) follow(ctx context.Context) (err error) {
	s.follower, err = s.class.follow(ctx, s.id, s.ask)
	if errors.Is(err, object.ErrCursor) {
		s.ask.Cursor, s.reset = "", true
		s.follower, err = s.class.follow(ctx, s.id, s.ask)
	}
	return err
}
