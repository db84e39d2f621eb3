package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// domain is the domain of every reason.
const domain = "spectralnotify"

// retryAfter is how long a caller is asked to wait where waiting helps.
const retryAfter = time.Second

// A kind says how a class of failure is told to the caller.
type kind struct {
	class  error
	code   connect.Code
	reason string
	text   string // if empty, that of the error, which was written for the caller
	field  string // the field to blame, if the error does not say
	retry  bool   // waiting helps
}

// kinds is the one table from classes to codes and reasons. The first class that
// an error is decides. OBJECT and object stand for the class that the call is of.
var kinds = []kind{
	{class: rule.ErrNotFound, code: connect.CodeNotFound, reason: "OBJECT_NOT_FOUND"},
	{class: rule.ErrExists, code: connect.CodeAlreadyExists, reason: "OBJECT_ALREADY_EXISTS"},
	{class: rule.ErrInvalid, code: connect.CodeInvalidArgument, reason: "INVALID_FIELD"},
	{class: task.ErrTerminal, code: connect.CodeFailedPrecondition, reason: "TASK_TERMINAL"},
	{class: counter.ErrRange, code: connect.CodeOutOfRange, reason: "COUNTER_OUT_OF_RANGE"},
	{class: rule.ErrSequence, code: connect.CodeAborted, reason: "SEQUENCE_MISMATCH"},
	{class: rule.ErrLimit, code: connect.CodeResourceExhausted, reason: "LIMIT_EXCEEDED"},
	{class: service.ErrUnauthenticated, code: connect.CodeUnauthenticated, reason: "UNAUTHENTICATED"},
	{class: service.ErrForbidden, code: connect.CodePermissionDenied, reason: "PERMISSION_DENIED"},
	{class: service.ErrLimit, code: connect.CodeResourceExhausted, reason: "LIMIT_EXCEEDED", retry: true},
	{
		class: object.ErrKeyReused, code: connect.CodeInvalidArgument, reason: "IDEMPOTENCY_KEY_REUSED", field: keyHeader,
		text: "the Idempotency-Key was used before with another request; take a new key for each call",
	},
	{
		class: object.ErrCursor, code: connect.CodeInvalidArgument, reason: "INVALID_FIELD", field: "cursor",
		text: "cursor is not one that this API gave; send one as it was received, or none",
	},
	{
		class: object.ErrDraining, code: connect.CodeUnavailable, reason: "DRAINING", retry: true,
		text: "the server is stopping; try again, here or elsewhere",
	},
	{
		class: journal.ErrUnknown, code: connect.CodeUnavailable, reason: "COMMIT_UNKNOWN", retry: true,
		text: "it is not known whether the call took effect; try again with the same Idempotency-Key",
	},
	{
		class: journal.ErrJournalDamaged, code: connect.CodeDataLoss, reason: "LEDGER_DAMAGED",
		text: "the server's ledger is damaged: it takes no changes, and shows only what it can prove; the operator stops it and runs spectralnotify doctor",
	},
	{
		class: journal.ErrDamaged, code: connect.CodeDataLoss, reason: "OBJECT_FILE_CORRUPT",
		text: "stored events of this object are damaged and are not served; the object itself goes on; the operator finds more by spectralnotify doctor",
	},
	{
		class: journal.ErrNoDescriptors, code: connect.CodeResourceExhausted, reason: "TOO_MANY_OPEN_FILES", retry: true,
		text: "the server may not open more files; try again later; the operator raises its limit of open files (ulimit -n)",
	},
	{
		class: journal.ErrUnreadable, code: connect.CodeUnavailable, reason: "STORAGE_UNREADABLE", retry: true,
		text: "stored events of this object cannot be read now; try again; the operator looks at the disk and at the log",
	},
	{
		class: object.ErrAside, code: connect.CodeResourceExhausted, reason: "STORAGE_FULL", retry: true,
		text: "the file of this object cannot be written, and as many of its events wait as may; nothing of this call happened, others go on; try again later",
	},
	{
		class: journal.ErrFull, code: connect.CodeResourceExhausted, reason: "STORAGE_FULL", retry: true,
		text: "the server's disk or its journal is full; nothing of this call happened; try again later, the operator makes room",
	},
	{
		class: journal.ErrSlow, code: connect.CodeResourceExhausted, reason: "LIMIT_EXCEEDED",
		text: "the listing takes too long; narrow its filter",
	},
	{
		class: journal.ErrNotFound, code: connect.CodeNotFound, reason: "OBJECT_NOT_FOUND",
		text: "the object does not exist; create it first, or check the id",
	},
	{
		class: context.Canceled, code: connect.CodeCanceled, reason: "CANCELED",
		text: "the caller went away",
	},
	{
		class: context.DeadlineExceeded, code: connect.CodeDeadlineExceeded, reason: "DEADLINE_EXCEEDED",
		text: "the answer was not ready in time; a change may still happen: try again with the same Idempotency-Key",
	},
}

// errPanic: a handler panicked. It is told like any unknown failure.
var errPanic = errors.New("rpc: panic")

// Failure is what the caller of another door is told of a failure, by the same
// table. call and header are those of his request.
func Failure(err error, log *slog.Logger, call string, header http.Header) *connect.Error {
	return answer(err, log, call, requestID(header))
}

// Refuse answers a request of another door with a failure, as calls are
// answered.
func Refuse(w http.ResponseWriter, r *http.Request, e *connect.Error) {
	if e.Code() == connect.CodeUnauthenticated {
		w.Header().Set("Www-Authenticate", "Bearer")
	}
	_ = errorWriter.Write(w, r, e) // a caller who left needs no answer
}

// answer turns any failure of a call into what its caller is told. What he
// cannot act on is logged under the request id, which is all he sees.
func answer(err error, log *slog.Logger, call string, requestID func() string) *connect.Error {
	var already *connect.Error
	if errors.As(err, &already) {
		return complete(already)
	}
	for _, k := range kinds {
		if errors.Is(err, k.class) {
			note(log, k, call, err)
			return k.of(classOf(call)).tell(err)
		}
	}
	id := requestID()
	log.Error("a call failed", "call", call, "request_id", id, "error", err)
	e := connect.NewError(connect.CodeInternal, errors.New("internal error; the operator finds it in the log under request id "+id))
	return addDetail(e, info("INTERNAL", map[string]string{"request_id": id}))
}

// of returns the kind in the words of a class.
func (k kind) of(class string) kind {
	k.reason = strings.ReplaceAll(k.reason, "OBJECT", strings.ToUpper(class))
	k.text = strings.ReplaceAll(k.text, "object", class)
	return k
}

// note logs what the operator should see although the caller is told a reason.
func note(log *slog.Logger, k kind, call string, err error) {
	switch k.code {
	case connect.CodeDataLoss, connect.CodeUnavailable:
		log.Warn("a call failed", "call", call, "reason", k.reason, "error", err)
	}
}

// tell returns the Connect error of a failure of this kind.
func (k kind) tell(err error) *connect.Error {
	text, field, metadata := k.text, k.field, map[string]string(nil)
	var byRule *rule.Error
	var byService *service.Error
	switch {
	case errors.As(err, &byRule):
		text, metadata = byRule.Text, byRule.Metadata
		if byRule.Field != "" {
			field = byRule.Field
		}
	case errors.As(err, &byService):
		text, metadata = byService.Text, byService.Metadata
	}
	e := addDetail(connect.NewError(k.code, errors.New(text)), info(k.reason, metadata))
	if field != "" {
		addDetail(e, badRequest([][2]string{{field, text}}))
	}
	if k.retry {
		addDetail(e, &errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)})
	}
	return e
}

// addDetail adds a detail.
func addDetail(e *connect.Error, detail proto.Message) *connect.Error {
	if d, err := connect.NewErrorDetail(detail); err == nil { // fails for invalid UTF-8 only
		e.AddDetail(d)
	}
	return e
}

// reasonOf returns the reason that an error carries.
func reasonOf(e *connect.Error) string {
	for _, d := range e.Details() {
		if v, err := d.Value(); err == nil {
			if i, ok := v.(*errdetails.ErrorInfo); ok {
				return i.GetReason()
			}
		}
	}
	return ""
}

func info(reason string, metadata map[string]string) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Reason: reason, Domain: domain, Metadata: metadata}
}

// badRequest lists fields with what is wrong with each.
func badRequest(violations [][2]string) *errdetails.BadRequest {
	b := new(errdetails.BadRequest)
	for _, v := range violations {
		b.FieldViolations = append(b.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: v[0], Description: v[1]})
	}
	return b
}

// complete gives an error that came from Connect itself its reason, unless it
// has one.
func complete(e *connect.Error) *connect.Error {
	for _, d := range e.Details() {
		if d.Type() == "google.rpc.ErrorInfo" {
			return e
		}
	}
	reason, ok := ownReasons[e.Code()]
	if !ok {
		reason = "INTERNAL"
	}
	return addDetail(e, info(reason, nil))
}

// ownReasons are the reasons of failures that Connect finds before a handler
// sees the call.
var ownReasons = map[connect.Code]string{
	connect.CodeInvalidArgument:   "INVALID_MESSAGE",
	connect.CodeResourceExhausted: "MESSAGE_TOO_LARGE",
	connect.CodeUnimplemented:     "UNIMPLEMENTED",
	connect.CodeDeadlineExceeded:  "DEADLINE_EXCEEDED",
	connect.CodeCanceled:          "CANCELED",
}
