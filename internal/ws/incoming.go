package ws

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"github.com/spectralnotify/spectralnotify/internal/service"
)

// An incoming is a message of a peer.
type incoming struct {
	kind  incomingKind
	token string // of auth
	fault string // of unreadable, for the peer
}

type incomingKind uint8

const (
	unreadable incomingKind = iota
	pingText                // the bare word
	pingJSON
	authToken
)

// What is wrong with messages that cannot be read. They do not repeat what was
// sent.
const (
	faultJSON   = `the message is neither the word ping nor a JSON object; send {"type":"ping"} or {"type":"auth","token":"..."}`
	faultType   = `the message's "type" is not known here; send {"type":"ping"} or {"type":"auth","token":"..."}`
	faultToken  = `a message of type auth needs a "token"`
	faultBinary = `the message is binary; send text`
)

// parse reads a message of a peer.
func parse(data []byte) incoming {
	if string(data) == "ping" {
		return incoming{kind: pingText}
	}
	var m *struct {
		Type  string `json:"type"`
		Token string `json:"token"`
	}
	if err := json.Unmarshal(data, &m); err != nil || m == nil {
		return incoming{fault: faultJSON}
	}
	switch {
	case m.Type == "ping":
		return incoming{kind: pingJSON}
	case m.Type == "auth" && m.Token != "":
		return incoming{kind: authToken, token: m.Token}
	case m.Type == "auth":
		return incoming{fault: faultToken}
	}
	return incoming{fault: faultType}
}

// hear waits for a message.
func (s *socket) hear(ctx context.Context) (incoming, error) {
	kind, data, err := s.conn.Read(ctx)
	if err != nil {
		return incoming{}, &lostError{err}
	}
	if kind != websocket.MessageText {
		return incoming{fault: faultBinary}, nil
	}
	return parse(data), nil
}

// listen answers the peer until it leaves or shows a wrong credential. Reading
// is also what makes the peer's pongs and its leaving known.
func (s *socket) listen(ctx context.Context) error {
	for {
		m, err := s.hear(ctx)
		if err != nil {
			return err
		}
		var answer []byte
		switch m.kind {
		case pingText:
			answer = []byte("pong")
		case pingJSON:
			answer = appendPong(nil, s.door.cfg.Now())
		case authToken: // not needed, or not again; a wrong one is refused as with calls
			if err := s.admit(ctx, m.token); err != nil {
				return err
			}
			continue
		default:
			answer = appendError(nil, m.fault)
		}
		if err := s.send(ctx, answer); err != nil {
			return err
		}
	}
}

// authenticate waits for the first message, which must carry a credential, and
// begins to follow.
func (s *socket) authenticate(ctx context.Context) error {
	first := make(chan heard, 1)
	go func() {
		m, err := s.hear(ctx) // ends with the connection
		first <- heard{m, err}
	}()
	patience := time.NewTimer(s.door.cfg.AuthTimeout)
	defer patience.Stop()
	select {
	case h := <-first:
		return s.introduced(ctx, h)
	case <-patience.C:
		return s.tokenFirst()
	}
}

// heard is what came as the first message.
type heard struct {
	message incoming
	err     error
}

// introduced takes the first message.
func (s *socket) introduced(ctx context.Context, first heard) error {
	if first.err != nil {
		return first.err
	}
	if first.message.kind != authToken {
		return s.tokenFirst()
	}
	if err := s.admit(ctx, first.message.token); err != nil {
		return err
	}
	return s.follow(ctx)
}

func (s *socket) tokenFirst() error {
	return &service.Error{
		Class: service.ErrUnauthenticated,
		Text: fmt.Sprintf(`this server wants a credential: send {"type":"auth","token":"..."} as the first message, within %v, or offer the subprotocol %s<token>`,
			s.door.cfg.AuthTimeout, bearerProtocol),
	}
}
