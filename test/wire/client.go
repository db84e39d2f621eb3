package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// TaskService is the path of the service's calls.
const TaskService = "/spectralnotify.task.v1.TaskService/"

// A Client calls one server. It is safe for concurrent use.
type Client struct {
	URL  string // required: http://host:port
	Key  string // bearer credential; none if empty
	HTTP *http.Client
}

// An Error is a Connect error as JSON tells it.
type Error struct {
	Status  int    `json:"-"` // of HTTP
	Code    string `json:"code"`
	Message string `json:"message"`
	Details []struct {
		Type  string          `json:"type"`
		Debug json.RawMessage `json:"debug"`
	} `json:"details"`
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s (HTTP %d)", e.Code, e.Message, e.Status) }

// Code returns the Connect code of an error, "" for nil and "transport" for what
// is no answer of the server.
func Code(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return "transport"
}

// Unsettled reports whether a call may or may not have had its effect, so that
// it is to be repeated with the same idempotency key.
func Unsettled(err error) bool {
	switch Code(err) {
	case "transport", "unavailable", "deadline_exceeded", "canceled":
		return true
	}
	return false
}

// Call makes a unary call of TaskService. The idempotency key is not sent if it
// is empty; out may be nil. It reports whether the answer was a replay.
func (c *Client) Call(ctx context.Context, method, idempotencyKey string, in, out any) (replayed bool, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return false, fmt.Errorf("wire: %s: %w", method, err)
	}
	req, err := c.request(ctx, method, "application/json", body)
	if err != nil {
		return false, err
	}
	if idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", idempotencyKey)
	}
	resp, err := c.client().Do(req)
	if err != nil {
		return false, fmt.Errorf("wire: %s: %w", method, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, fmt.Errorf("wire: %s: %w", method, err)
	}
	if resp.StatusCode != http.StatusOK {
		return false, parseError(resp.StatusCode, answer)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			return false, fmt.Errorf("wire: %s answered %q: %w", method, answer, err)
		}
	}
	return resp.Header.Get("Idempotency-Replayed") == "true", nil
}

func (c *Client) client() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return http.DefaultClient
}

func (c *Client) request(ctx context.Context, method, contentType string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+TaskService+method, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("wire: %s: %w", method, err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Connect-Protocol-Version", "1")
	if c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.Key)
	}
	return req, nil
}

func parseError(status int, body []byte) error {
	e := &Error{Status: status}
	if err := json.Unmarshal(body, e); err != nil || e.Code == "" {
		return fmt.Errorf("wire: HTTP %d: %q", status, body)
	}
	return e
}
