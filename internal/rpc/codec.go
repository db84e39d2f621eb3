package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/spectralnotify/spectralnotify/internal/protojson"
)

// The codecs below are Connect's own but for one thing: a shared message is
// encoded once for all who get it. They carry the names of those they replace.

// codecs returns the options that install them.
func codecs() connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithCodec(binaryCodec{}),
		connect.WithCodec(jsonCodec{"json"}),
		connect.WithCodec(jsonCodec{"json; charset=utf-8"}),
	)
}

// An encodable message is one that is shared.
type encodable interface {
	// encoded returns its encoding, which is kept under the name for its view.
	encoded(names [3]string, marshal func(proto.Message) ([]byte, error)) ([]byte, error)
}

func notProto(message any) error { return fmt.Errorf("rpc: %T is no protobuf message", message) }

// binaryCodec is protobuf's binary format.
type binaryCodec struct{}

func (binaryCodec) Name() string { return "proto" }

func (binaryCodec) IsBinary() bool { return true }

func (c binaryCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

func (binaryCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	switch m := message.(type) {
	case sharedOf:
		data, err := m.encoded(binaryNames, proto.Marshal)
		return m.appendBinary(dst, data), err
	case encodable:
		data, err := m.encoded(binaryNames, proto.Marshal)
		return append(dst, data...), err
	case proto.Message:
		return proto.MarshalOptions{}.MarshalAppend(dst, m)
	}
	return dst, notProto(message)
}

func (binaryCodec) MarshalStable(message any) ([]byte, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, notProto(message)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

func (binaryCodec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return notProto(message)
	}
	return proto.Unmarshal(data, m)
}

// jsonCodec is protobuf's JSON.
type jsonCodec struct{ name string }

func (c jsonCodec) Name() string { return c.name }

func (jsonCodec) IsBinary() bool { return false }

func (c jsonCodec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

func (jsonCodec) MarshalAppend(dst []byte, message any) ([]byte, error) {
	switch m := message.(type) {
	case sharedOf:
		data, err := m.encoded(jsonNames, marshalJSON)
		return m.appendJSON(dst, data), err
	case encodable:
		data, err := m.encoded(jsonNames, marshalJSON)
		return append(dst, data...), err
	case proto.Message:
		return protojson.Append(dst, m)
	}
	return dst, notProto(message)
}

func marshalJSON(m proto.Message) ([]byte, error) { return protojson.Append(nil, m) }

func (c jsonCodec) MarshalStable(message any) ([]byte, error) {
	data, err := c.Marshal(message)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, data) // the library, where it had to write, varies its white space
	return out.Bytes(), err
}

// Unmarshal skips unknown fields: a client may be newer than the server.
func (jsonCodec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return notProto(message)
	}
	if len(data) == 0 {
		return errors.New("an empty body is not a JSON object")
	}
	return protojson.Read(data, m)
}
