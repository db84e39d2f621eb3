package rpc

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect"
)

// brokenRules returns err as the caller is told it if it is one of the rules of
// the proto files, which it lists by field; else err as it is.
func brokenRules(err error) error {
	var e *connect.Error
	if !errors.As(err, &e) || e.Code() != connect.CodeInvalidArgument {
		return err
	}
	for _, d := range e.Details() {
		value, err := d.Value()
		if v, ok := value.(*validate.Violations); ok && err == nil {
			return violated(v)
		}
	}
	return err
}

func violated(v *validate.Violations) error {
	var fields [][2]string
	var texts []string
	for _, x := range v.GetViolations() {
		field, text := fieldPath(x.GetField()), x.GetMessage()
		if field != "" && !strings.HasPrefix(text, field) {
			text = field + ": " + text
		}
		fields = append(fields, [2]string{field, text})
		texts = append(texts, text)
	}
	e := connect.NewError(connect.CodeInvalidArgument, errors.New(strings.Join(texts, "; ")))
	addDetail(e, info("INVALID_FIELD", nil))
	return addDetail(e, badRequest(fields))
}

// fieldPath spells the way to a field, such as filter.statuses[0]; "" for the
// message itself.
func fieldPath(p *validate.FieldPath) string {
	var b strings.Builder
	for i, e := range p.GetElements() {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(e.GetFieldName())
		switch s := e.GetSubscript().(type) {
		case *validate.FieldPathElement_Index:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case *validate.FieldPathElement_StringKey:
			fmt.Fprintf(&b, "[%q]", s.StringKey)
		}
	}
	return b.String()
}
