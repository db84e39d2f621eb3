package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// details returns what an error carries besides its code and text.
func details(t *testing.T, e *connect.Error) (info *errdetails.ErrorInfo, fields []string, retry bool) {
	t.Helper()
	for _, d := range e.Details() {
		value, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		switch m := value.(type) {
		case *errdetails.ErrorInfo:
			info = m
		case *errdetails.BadRequest:
			for _, v := range m.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		case *errdetails.RetryInfo:
			retry = m.GetRetryDelay().AsDuration() > 0
		}
	}
	return info, fields, retry
}

func TestEveryClassOfFailureIsTold(t *testing.T) {
	ended := task.Task{ID: "t", Status: task.Failed, EndSequence: 7, EndedBy: "key:a", Sequence: 7}
	_, terminal := task.Apply(&ended, task.SetProgress{Target: task.Target{ID: "t"}}, 1, "")
	_, outOfRange := counter.Apply(&counter.Counter{Name: "c", Value: 1}, counter.Command{Op: counter.Increment, Name: "c", N: counter.Max}, 1, "")
	expected := int64(3)
	_, sequence := task.Apply(&ended, task.SetProgress{Target: task.Target{ID: "t", Expected: &expected}}, 1, "")
	_, exists := task.Apply(&ended, task.Create{ID: "t"}, 1, "")
	tests := []struct {
		err    error
		code   connect.Code
		reason string
		field  string
		retry  bool
		data   map[string]string
	}{
		{err: task.NotFound("t"), code: connect.CodeNotFound, reason: "TASK_NOT_FOUND", data: map[string]string{"task_id": "t"}},
		{err: exists, code: connect.CodeAlreadyExists, reason: "TASK_ALREADY_EXISTS", data: map[string]string{"task_id": "t"}},
		{err: rule.Invalid("progress", "is 101"), code: connect.CodeInvalidArgument, reason: "INVALID_FIELD", field: "progress"},
		{err: terminal, code: connect.CodeFailedPrecondition, reason: "TASK_TERMINAL", data: map[string]string{"status": "TASK_STATUS_FAILED", "sequence": "7", "verb": "Fail", "actor": "key:a"}},
		{err: outOfRange, code: connect.CodeOutOfRange, reason: "COUNTER_OUT_OF_RANGE", data: map[string]string{"name": "c", "value": "1", "max": "9007199254740991"}},
		{err: sequence, code: connect.CodeAborted, reason: "SEQUENCE_MISMATCH", data: map[string]string{"sequence": "7", "expected_sequence": "3"}},
		{err: task.Room(ended, task.SetProgress{}, 7), code: connect.CodeResourceExhausted, reason: "LIMIT_EXCEEDED", data: map[string]string{"max": "7"}},
		{err: &service.Error{Class: service.ErrUnauthenticated, Text: "x"}, code: connect.CodeUnauthenticated, reason: "UNAUTHENTICATED"},
		{err: &service.Error{Class: service.ErrForbidden, Text: "x", Metadata: map[string]string{"scope": "admin"}}, code: connect.CodePermissionDenied, reason: "PERMISSION_DENIED", data: map[string]string{"scope": "admin"}},
		{err: &service.Error{Class: service.ErrLimit, Text: "x"}, code: connect.CodeResourceExhausted, reason: "LIMIT_EXCEEDED", retry: true},
		{err: object.ErrKeyReused, code: connect.CodeInvalidArgument, reason: "IDEMPOTENCY_KEY_REUSED", field: "Idempotency-Key"},
		{err: object.ErrCursor, code: connect.CodeInvalidArgument, reason: "INVALID_FIELD", field: "cursor"},
		{err: object.ErrDraining, code: connect.CodeUnavailable, reason: "DRAINING", retry: true},
		{err: journal.ErrNotFound, code: connect.CodeNotFound, reason: "TASK_NOT_FOUND"},
		{err: fmt.Errorf("read /secret/path: %w", journal.ErrDamaged), code: connect.CodeDataLoss, reason: "TASK_FILE_CORRUPT"},
		{err: &service.Error{Class: journal.ErrDamaged, Text: "x", Metadata: map[string]string{"first_sequence": "4"}}, code: connect.CodeDataLoss, reason: "TASK_FILE_CORRUPT", data: map[string]string{"first_sequence": "4"}},
		{err: fmt.Errorf("%w: /secret/path: %w", journal.ErrJournalDamaged, journal.ErrDamaged), code: connect.CodeDataLoss, reason: "LEDGER_DAMAGED"},
		{err: fmt.Errorf("%w: %w: %w", journal.ErrUnknown, journal.ErrJournalDamaged, journal.ErrDamaged), code: connect.CodeUnavailable, reason: "COMMIT_UNKNOWN", retry: true},
		{err: fmt.Errorf("read /secret/path: %w", journal.ErrNoDescriptors), code: connect.CodeResourceExhausted, reason: "TOO_MANY_OPEN_FILES", retry: true},
		{err: fmt.Errorf("read /secret/path: %w", journal.ErrUnreadable), code: connect.CodeUnavailable, reason: "STORAGE_UNREADABLE", retry: true},
		{err: fmt.Errorf("%w: /secret/path", object.ErrAside), code: connect.CodeResourceExhausted, reason: "STORAGE_FULL", retry: true},
		{err: fmt.Errorf("write /secret/path: %w", journal.ErrFull), code: connect.CodeResourceExhausted, reason: "STORAGE_FULL", retry: true},
		{err: fmt.Errorf("service: list: %w", journal.ErrSlow), code: connect.CodeResourceExhausted, reason: "LIMIT_EXCEEDED"},
		{err: fmt.Errorf("%w: %w", journal.ErrUnknown, errors.New("sync /secret/path")), code: connect.CodeUnavailable, reason: "COMMIT_UNKNOWN", retry: true},
		{err: context.Canceled, code: connect.CodeCanceled, reason: "CANCELED"},
		{err: context.DeadlineExceeded, code: connect.CodeDeadlineExceeded, reason: "DEADLINE_EXCEEDED"},
		{err: errors.New("SELECT * FROM /secret/path"), code: connect.CodeInternal, reason: "INTERNAL", data: map[string]string{"request_id": "id-1"}},
	}
	told := map[error]bool{}
	for _, tt := range tests {
		t.Run(tt.reason+" "+tt.err.Error(), func(t *testing.T) {
			e := answer(fmt.Errorf("wrapped: %w", tt.err), slog.New(slog.DiscardHandler), "/spectralnotify.task.v1.TaskService/Call", func() string { return "id-1" })
			info, fields, retry := details(t, e)
			if e.Code() != tt.code || info.GetReason() != tt.reason || info.GetDomain() != domain || retry != tt.retry {
				t.Errorf("told as %v %v, retry %v", e, info, retry)
			}
			if strings.Join(fields, " ") != tt.field {
				t.Errorf("fields %q, want %q", fields, tt.field)
			}
			for k, v := range tt.data {
				if info.GetMetadata()[k] != v {
					t.Errorf("metadata %v, want %s=%s", info.GetMetadata(), k, v)
				}
			}
			if s := e.Error(); strings.Contains(s, "secret") || strings.Contains(s, "SELECT") || e.Message() == "" {
				t.Errorf("the text is %q", s)
			}
		})
		for _, k := range kinds {
			if errors.Is(tt.err, k.class) {
				told[k.class] = true
			}
		}
	}
	for _, k := range kinds {
		if !told[k.class] {
			t.Errorf("class %v is not tested", k.class)
		}
	}
}

func TestAnUnknownFailureIsLoggedUnderItsRequestID(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	e := answer(errors.New("open /data/x: too many open files"), log, "Call", func() string { return "id-9" })
	if !strings.Contains(e.Message(), "id-9") || strings.Contains(e.Message(), "/data") {
		t.Errorf("the caller is told %q", e.Message())
	}
	if !strings.Contains(out.String(), "id-9") || !strings.Contains(out.String(), "/data/x") {
		t.Errorf("the log says %q", out.String())
	}
}
