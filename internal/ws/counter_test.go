package ws_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	counterv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// The socket of a counter may open before it exists, tells each call by its name,
// goes on after the deletion, and resumes by cursor.
func TestTheSocketOfACounter(t *testing.T) {
	t.Parallel()
	h := start(t, rpctest.Config{}, nil)
	h.class = "counter"
	c := h.CounterClient(h.Key)
	did := func(_ any, err error) { h.t.Helper(); h.must(err) }
	name := `é "x"/y`
	p := h.dial(name, "")
	const (
		head  = `"name":"é \"x\"/y",`
		meta  = `"metadata":{"id":1,"name":"é \"x\"/y",`
		times = `"createdAt":"T","updatedAt":"T",`
	)
	var cursor string
	for _, tt := range []struct {
		call func()
		want string
	}{
		{func() { did(c.Create(t.Context(), &counterv1.CreateRequest{Name: name, InitialValue: 3})) }, `{"type":"create","previousValue":3,` + head + `"value":3,` + meta + `"value":3,` + times + `"operationCount":0},"timestamp":"T","sequence":1,"cursor":"C"}`},
		{func() { did(c.Increment(t.Context(), &counterv1.IncrementRequest{Name: name, Amount: proto.Int64(4)})) }, `{"type":"increment","previousValue":3,` + head + `"value":7,` + meta + `"value":7,` + times + `"operationCount":1},"timestamp":"T","sequence":2,"cursor":"C"}`},
		{func() { did(c.Decrement(t.Context(), &counterv1.DecrementRequest{Name: name})) }, `{"type":"decrement","previousValue":7,` + head + `"value":6,` + meta + `"value":6,` + times + `"operationCount":2},"timestamp":"T","sequence":3,"cursor":"C"}`},
		{func() { did(c.SetValue(t.Context(), &counterv1.SetValueRequest{Name: name, Value: 1<<53 - 1})) }, `{"type":"setValue","previousValue":6,` + head + `"value":9007199254740991,` + meta + `"value":9007199254740991,` + times + `"operationCount":3},"timestamp":"T","sequence":4,"cursor":"C"}`},
		{func() { did(c.Reset(t.Context(), &counterv1.ResetRequest{Name: name})) }, `{"type":"reset","previousValue":9007199254740991,` + head + `"value":3,` + meta + `"value":3,` + times + `"operationCount":4},"timestamp":"T","sequence":5,"cursor":"C"}`},
	} {
		tt.call()
		m := p.receive()
		if got := plain(m.text); got != tt.want {
			t.Errorf("\n got %s\nwant %s", got, tt.want)
		}
		if m.Sequence == 3 {
			cursor = m.Cursor
		}
	}
	resumed := h.dial(name, "cursor="+cursor)
	resumed.expect("setValue", 4)
	resumed.expect("reset", 5)
	snapshot := `{"type":"snapshot","events":[{"id":1,"type":"create","value":3,"previousValue":3,"timestamp":"T"},`
	if got := plain(h.dial(name, "snapshot=1").receive().text); len(got) < len(snapshot) || got[:len(snapshot)] != snapshot {
		t.Errorf("snapshot:\n got %s\nwant %s…", got, snapshot)
	}
	lost := `{"type":"snapshot",` + head + `"value":3,` + meta + `"value":3,` + times + `"operationCount":4},"timestamp":"T","sequence":5,"cursor":"C"}`
	if got := plain(h.dial(name, "cursor=none").receive().text); got != lost {
		t.Errorf("a cursor that cannot be resumed:\n got %s\nwant %s", got, lost)
	}
	did(c.Delete(t.Context(), &counterv1.DeleteRequest{Name: name}))
	p.expect("removed", 5)
	did(c.Create(t.Context(), &counterv1.CreateRequest{Name: name}))
	p.expect("create", 1)
}
