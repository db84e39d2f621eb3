package backup

import (
	"context"
	"fmt"
	"reflect"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// recall returns the row and detail of the object that a file is of.
func (f *classFiles[S, E]) recall(ctx context.Context, generation int64) (journal.Row, journal.Detail, error) {
	var state S
	var last E
	layout := f.kind.layout
	file, err := f.Recall(ctx, generation, func(values []any) (err error) {
		state, err = layout.ScanState(values)
		return err
	}, func(r journal.Record[E]) error {
		state, last = layout.Recall(state, r.Event), r.Event
		return nil
	})
	if err != nil {
		return journal.Row{}, journal.Detail{}, err
	}
	// The hashes say that the events are what was written, and each event says
	// what came of it.
	if !reflect.DeepEqual(f.kind.class.At(state, last), state) {
		return journal.Row{}, journal.Detail{}, fmt.Errorf("%w: its metadata row is not what its last event led to", journal.ErrDamaged)
	}
	row, detail := f.kind.class.Pack(state)
	if row.Sequence != file.Sequence {
		return journal.Row{}, journal.Detail{}, fmt.Errorf("%w: its state is that of event %d, its last event is %d", journal.ErrDamaged, row.Sequence, file.Sequence)
	}
	row.Generation, row.LSN, row.Hash = generation, file.LSN, file.Hash
	return row, detail, nil
}
