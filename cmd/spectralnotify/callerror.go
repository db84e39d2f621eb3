package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"connectrpc.com/connect"
)

// callError says for a person why a call failed. Input that the server finds
// wrong is wrong input here, too.
func callError(f clientFlags, err error) error {
	var failed *connect.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case !errors.As(err, &failed):
		return err
	}
	text := failed.Message()
	switch failed.Code() {
	case connect.CodeInvalidArgument:
		return usagef("%s", text)
	case connect.CodeUnauthenticated, connect.CodePermissionDenied:
		return fmt.Errorf("%s; give a key in %s or by --api-key-file", text, envAPIKey)
	case connect.CodeUnavailable:
		return unavailable(f.URL, failed)
	case connect.CodeDeadlineExceeded:
		return fmt.Errorf("the server at %s did not answer in time; a change that was asked for may have happened or not", f.URL)
	case connect.CodeInternal, connect.CodeUnknown:
		return fmt.Errorf("the server at %s failed: %s", f.URL, text)
	}
	return errors.New(text)
}

// reason says in a few words why a watch was cut.
func reason(err error) string {
	var failed *connect.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "no server answers"
	case errors.As(err, &failed) && failed.Code() == connect.CodeUnavailable,
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection broke"
	case failed != nil:
		return oneLine(failed.Message())
	}
	return oneLine(err.Error())
}

func unavailable(url string, failed *connect.Error) error {
	if errors.Is(failed, syscall.ECONNREFUSED) {
		return fmt.Errorf("no server at %s: start one with %q, or say where it is by --url", url, "spectralnotify serve")
	}
	return fmt.Errorf("the server at %s is unavailable: %s", url, failed.Message())
}
