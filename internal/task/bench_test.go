package task

import "testing"

// The work of one call on a hot task, but for what makes it durable.
func BenchmarkApplyAndEncode(b *testing.B) {
	t := taskAt(InProgress)
	cmd := Command(SetProgress{Progress: 40, Message: "frame 1234 of 5678", Metadata: `{"frame":1234,"step":"encode"}`})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		c, err := Apply(&t, cmd, 600, "key_1")
		if err != nil {
			b.Fatal(err)
		}
		buf = Class{}.Encode(buf[:0], c.Events[0])
	}
}

func BenchmarkApply(b *testing.B) {
	t := taskAt(InProgress)
	cmd := Command(SetProgress{Progress: 40})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Apply(&t, cmd, 600, "key_1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := benchEvent()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Class{}.Encode(buf[:0], e)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	data := Class{}.Encode(nil, benchEvent())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Class{}).Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	t := taskAt(InProgress)
	b.ReportAllocs()
	for b.Loop() {
		Class{}.Pack(t)
	}
}

func BenchmarkUnpack(b *testing.B) {
	row, detail := Class{}.Pack(taskAt(Failed))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Class{}).Unpack(row, detail); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLayoutEvent(b *testing.B) {
	e := benchEvent()
	b.ReportAllocs()
	for b.Loop() {
		Layout{}.Event(e)
	}
}

func BenchmarkScanEvent(b *testing.B) {
	row := Layout{}.Event(benchEvent())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Layout{}).ScanEvent(row); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidMetadata(b *testing.B) {
	text := `{"frame":1234,"step":"encode","of":{"codec":"av1","passes":[1,2]},"ok":true}`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := ValidMetadata("metadata", text); err != nil {
			b.Fatal(err)
		}
	}
}

func benchEvent() Event {
	return Event{
		Sequence: 1234, Type: Progress, Kind: KindProgress, Message: "frame 1234 of 5678", Progress: 40, HasProgress: true,
		Metadata: `{"frame":1234,"step":"encode"}`, Time: 1764000000123456, Actor: "key_1",
		Status: InProgress, TaskProgress: 40, StartedAt: 1764000000000000, StartProgress: 0,
	}
}
