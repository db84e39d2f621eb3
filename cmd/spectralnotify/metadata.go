package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// metadata is a flag's value: a JSON object. Its zero value is none.
type metadata struct{ fields *structpb.Struct }

// UnmarshalText reads the flag.
func (m *metadata) UnmarshalText(text []byte) error {
	fields := &structpb.Struct{}
	if !json.Valid(text) {
		return fmt.Errorf(`%q is not JSON, give an object such as {"frames":1200}`, text)
	}
	if err := protojson.Unmarshal(text, fields); err != nil {
		return errors.New(`not a JSON object, give one such as {"frames":1200}`)
	}
	m.fields = fields
	return nil
}
