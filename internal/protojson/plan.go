package protojson

import (
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A plan is what is known of a type of message before one is seen. It is made
// once, and not changed after that.
type plan struct {
	fields []field           // in the order they are written
	named  map[string]*field // :: name, in JSON or in the proto file -> its field
	leave  bool              // all of it is left to the library
}

// maxFields is how many fields a message may have that is not left to the library.
const maxFields = 64

type field struct {
	fd    protoreflect.FieldDescriptor
	bit   uint64 // 1 << its index
	label string // "name":
	kind  kind
	list  bool
	of    *plan                              // of a message
	enum  map[string]protoreflect.EnumNumber // :: name -> number
	names map[protoreflect.EnumNumber]string // :: number -> name, quoted
}

// kind says how a value looks in JSON.
type kind uint8

const (
	other kind = iota // left to the library
	boolean
	int32s
	int64s // quoted
	text
	enum
	message
	timestamp
	structure
)

var plans sync.Map // :: protoreflect.MessageDescriptor -> *plan

func planOf(d protoreflect.MessageDescriptor) *plan {
	if p, ok := plans.Load(d); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(d, newPlan(d, map[protoreflect.FullName]*plan{}))
	return p.(*plan)
}

// newPlan makes a plan with those of the messages inside; made are those that
// are being made.
func newPlan(d protoreflect.MessageDescriptor, made map[protoreflect.FullName]*plan) *plan {
	if p := made[d.FullName()]; p != nil {
		return p
	}
	p := &plan{named: map[string]*field{}, leave: d.ParentFile().Package() == "google.protobuf" || d.ExtensionRanges().Len() > 0 || d.Fields().Len() > maxFields}
	made[d.FullName()] = p
	if p.leave {
		return p
	}
	p.fields = make([]field, d.Fields().Len())
	for i := range p.fields {
		fd := d.Fields().Get(i)
		f := &p.fields[i]
		*f = field{fd: fd, bit: 1 << i, label: `"` + fd.JSONName() + `":`, kind: kindOf(fd), list: fd.IsList()}
		switch f.kind {
		case enum:
			f.enum, f.names = enumNames(fd.Enum())
		case message:
			f.of = newPlan(fd.Message(), made)
		}
		p.named[fd.TextName()] = f
	}
	for i := range p.fields { // which wins over the other name
		p.named[p.fields[i].fd.JSONName()] = &p.fields[i]
	}
	return p
}

func kindOf(fd protoreflect.FieldDescriptor) kind {
	if fd.IsMap() {
		return other
	}
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return boolean
	case protoreflect.Int32Kind:
		return int32s
	case protoreflect.Int64Kind:
		return int64s
	case protoreflect.StringKind:
		return text
	case protoreflect.EnumKind:
		if fd.Enum().FullName() == "google.protobuf.NullValue" {
			return other
		}
		return enum
	case protoreflect.MessageKind:
		switch fd.Message().FullName() {
		case timestampName:
			return timestamp
		case structName:
			return structure
		}
		if fd.Message().ParentFile().Package() != "google.protobuf" {
			return message
		}
	}
	return other
}

var (
	timestampName = (*timestamppb.Timestamp)(nil).ProtoReflect().Descriptor().FullName()
	structName    = (*structpb.Struct)(nil).ProtoReflect().Descriptor().FullName()
)

func enumNames(d protoreflect.EnumDescriptor) (map[string]protoreflect.EnumNumber, map[protoreflect.EnumNumber]string) {
	numbers, names := map[string]protoreflect.EnumNumber{}, map[protoreflect.EnumNumber]string{}
	for i := range d.Values().Len() {
		v := d.Values().Get(i)
		numbers[string(v.Name())] = v.Number()
		names[v.Number()] = `"` + string(d.Values().ByNumber(v.Number()).Name()) + `"`
	}
	return numbers, names
}
