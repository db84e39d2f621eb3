package wire

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrCut means that a stream closed without saying that it ends: connect again
// with the last cursor.
var ErrCut = errors.New("wire: the stream was cut")

// endOfStream marks the last frame of a Connect stream.
const endOfStream = 1 << 1

// maxFrame is far more than a server sends.
const maxFrame = 16 << 20

// A Stream is a watch under way. It is for one goroutine.
type Stream struct {
	body io.ReadCloser
	in   *bufio.Reader
}

// A WatchRequest asks for a watch.
type WatchRequest struct {
	TaskID        string `json:"taskId"`
	Cursor        string `json:"cursor,omitempty"`
	History       *int   `json:"history,omitempty"`
	Follow        string `json:"follow,omitempty"`
	WaitForCreate bool   `json:"waitForCreate,omitempty"`
}

// Watch begins a watch over HTTP/1.1. The context cuts it; Close must be called.
func (c *Client) Watch(ctx context.Context, in WatchRequest) (*Stream, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("wire: Watch: %w", err)
	}
	req, err := c.request(ctx, "Watch", "application/connect+json", Frame(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.client().Do(req)
	if err != nil {
		return nil, fmt.Errorf("wire: Watch: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxFrame)) // part of an error text
		return nil, parseError(resp.StatusCode, answer)
	}
	return &Stream{body: resp.Body, in: bufio.NewReader(resp.Body)}, nil
}

// Frame puts the five bytes of the Connect protocol before a message.
func Frame(message []byte) []byte {
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(frame, message...)
}

// Next returns the next message; io.EOF after the last one of a stream that
// ended in order, ErrCut if it was cut, *Error if the server ended it so.
func (s *Stream) Next() (Message, error) {
	var head [5]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrCut, err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxFrame {
		return Message{}, fmt.Errorf("wire: a frame of %d bytes", size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(s.in, data); err != nil {
		return Message{}, fmt.Errorf("%w: %w", ErrCut, err)
	}
	if head[0]&endOfStream != 0 {
		return Message{}, endError(data)
	}
	var m Message
	if err := json.Unmarshal(data, &m); err != nil {
		return Message{}, fmt.Errorf("wire: message %q: %w", data, err)
	}
	return m, nil
}

func endError(data []byte) error {
	var end struct {
		Error *Error `json:"error"`
	}
	if err := json.Unmarshal(data, &end); err != nil {
		return fmt.Errorf("wire: end of stream %q: %w", data, err)
	}
	if end.Error != nil {
		return end.Error
	}
	return io.EOF
}

// Close ends the watch.
func (s *Stream) Close() error { return s.body.Close() }
