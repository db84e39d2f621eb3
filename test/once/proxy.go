package once

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// A proxy passes requests on to a server and lets no answer through: the
// connection is cut when the request has been written, or when the server has
// answered it.
type proxy struct {
	listener net.Listener
	target   string
	waits    bool // for the answer, which it keeps
	cuts     sync.WaitGroup
	answers  chan []byte // bodies that were kept
}

func newProxy(target string, waits bool) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("once: proxy: %w", err)
	}
	p := &proxy{listener: l, target: target, waits: waits, answers: make(chan []byte, 64)}
	p.cuts.Go(p.serve)
	return p, nil
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) close() {
	_ = p.listener.Close()
	p.cuts.Wait()
}

func (p *proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.cuts.Go(func() {
			defer c.Close()
			if answer := p.pass(c); answer != nil {
				p.answers <- answer
			}
		})
	}
}

// pass writes the whole request to the server and, if it waits, reads the answer.
func (p *proxy) pass(c net.Conn) []byte {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return nil
	}
	defer server.Close()
	var request bytes.Buffer
	r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &request)))
	if err != nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil
	}
	if _, err := server.Write(request.Bytes()); err != nil || !p.waits {
		return nil
	}
	answer, err := http.ReadResponse(bufio.NewReader(server), r)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil
	}
	return body
}
