package ws_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/ws"
)

func TestPeersAreAnswered(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	p := h.dial("t", "")
	tests := []struct{ name, say, answer string }{
		{"the word ping", `ping`, `^pong$`},
		{"ping in JSON", `{"type":"ping"}`, `^\{"type":"pong","timestamp":"T"\}$`},
		{"ping with more", ` {"x":[1],"type":"ping"} `, `^\{"type":"pong","timestamp":"T"\}$`},
		{"no JSON", `hello`, `^\{"type":"error","message":".*neither the word ping nor a JSON object`},
		{"nothing", ``, `^\{"type":"error"`},
		{"no object", `["ping"]`, `^\{"type":"error"`},
		{"null", `null`, `^\{"type":"error"`},
		{"no UTF-8", "\xff\xfe", `^\{"type":"error"`},
		{"an unknown type", `{"type":"subscribe"}`, `^\{"type":"error","message":".*is not known`},
		{"a type of another type", `{"type":7}`, `^\{"type":"error"`},
		{"auth without a token", `{"type":"auth"}`, `^\{"type":"error","message":".*needs a`},
		{"as much as may be", `{"type":"ping","pad":"` + strings.Repeat("x", 32000) + `"}`, `^\{"type":"pong"`},
	}
	for _, tt := range tests {
		p.say(tt.say)
		text, err := p.read()
		if err != nil || !regexp.MustCompile(tt.answer).MatchString(plain(text)) {
			t.Errorf("%s: got %q, %v", tt.name, text, err)
		}
	}
	if err := p.Write(t.Context(), websocket.MessageBinary, []byte("ping")); err != nil {
		t.Fatal(err)
	}
	if m := p.receive(); m.Type != "error" || !strings.Contains(m.Message, "binary") {
		t.Errorf("a binary message: %s", m.text)
	}
	// All that disturbed nothing.
	h.create("t")
	p.expect("event", 1)

	p.say(strings.Repeat("x", 33<<10))
	p.gone(websocket.StatusMessageTooBig)
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(`ping`))
	f.Add([]byte(`{"type":"auth","token":"sn_x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, token, answer := ws.Parse(data)
		switch kind {
		case "unreadable":
			var m struct{ Type, Message string }
			if err := json.Unmarshal(answer, &m); err != nil || m.Type != "error" || m.Message == "" || token != "" {
				t.Errorf("%q is answered by %s: %v", data, answer, err)
			}
		case "ping":
			if string(data) != "ping" {
				t.Errorf("%q is taken for a ping", data)
			}
		case "ping in JSON", "auth":
			var m map[string]any
			if err := json.Unmarshal(data, &m); err != nil || (token == "") == (kind == "auth") {
				t.Errorf("%q is taken for %s with token %q: %v", data, kind, token, err)
			}
		}
	})
}
