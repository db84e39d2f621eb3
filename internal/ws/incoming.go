package ws

import (
	"encoding/json"
	"fmt"

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
func (s *socket) hear() (incoming, error) {
	kind, data, err := s.conn.Read(s.ctx)
	if err != nil {
		return incoming{}, &lostError{err}
	}
	if kind != websocket.MessageText {
		return incoming{fault: faultBinary}, nil
	}
	return parse(data), nil
}

// listen answers the peer until it leaves. It calls stop when the peer has left,
// or must go; then it goes on reading, since that is how the end of the
// connection becomes known, as do pongs.
func (s *socket) listen(stop func(error)) {
	unknown := s.introduced != nil
	for open := true; ; {
		m, err := s.hear()
		if err != nil {
			stop(err)
			return
		}
		if !open {
			continue
		}
		if unknown {
			err = s.introduce(m)
			unknown = false
		} else {
			err = s.answer(m)
		}
		if err != nil {
			stop(err)
			open = false
		}
	}
}

// introduce takes the first message, where that must be a credential.
func (s *socket) introduce(m incoming) error {
	if m.kind != authToken {
		return s.tokenFirst()
	}
	if err := s.admit(s.ctx, m.token); err != nil {
		return err
	}
	close(s.introduced)
	return nil
}

// answer answers a message. A credential that is not needed, or not again, must
// still be right, as with calls.
func (s *socket) answer(m incoming) error {
	switch m.kind {
	case pingText:
		return s.send(s.replying, []byte("pong"))
	case pingJSON:
		return s.send(s.replying, appendPong(nil, s.door.cfg.Now()))
	case authToken:
		return s.admit(s.ctx, m.token)
	}
	return s.send(s.replying, appendError(nil, m.fault))
}

func (s *socket) tokenFirst() error {
	return &service.Error{
		Class: service.ErrUnauthenticated,
		Text: fmt.Sprintf(`this server wants a credential: send {"type":"auth","token":"..."} as the first message, within %v, or offer the subprotocol %sTOKEN`,
			s.door.cfg.AuthTimeout, bearerProtocol),
	}
}
