package service

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// historyChunk bounds how many events are in memory for one page, since each may
// carry 80 KiB.
const historyChunk = 100

// A HistoryQuery asks for one page of an object's events.
type HistoryQuery struct {
	ID    string
	Limit int    // at most this many, > 0
	Token string // goes on below this page, newest first; excludes After
	After *int64 // if not nil, ascending after this sequence
}

// History hands a page of events to take, in order, until take refuses one; an
// event that was refused is on the next page. It returns that page's token, ""
// if there is none or if the order is ascending.
//
// A token is of one life of the object: after delete and create it is invalid.
//
// Of an object whose file was damaged the events that are there come first, then,
// by the next page, the error.
func (s *Service[S, E, C]) History(ctx context.Context, q HistoryQuery, take func(E) bool) (next string, err error) {
	if err := s.class.ValidID(q.ID); err != nil {
		return "", err
	}
	token, err := unseal(q.Token)
	if err != nil {
		return "", err
	}
	p := historyPage[S, E, C]{s: s, id: q.ID, token: token, take: take}
	p.r = object.HistoryRange{Before: token.place}
	if q.After != nil {
		p.r = object.HistoryRange{After: *q.After, Ascending: true}
	}
	more, err := p.read(ctx, q.Limit)
	if err != nil || !more || p.r.Ascending {
		return "", s.told(lost(err, s.class.Name()), q.ID)
	}
	return seal(p.listing(), p.place), nil
}

// A historyPage is a page being read, chunk by chunk.
type historyPage[S, E, C any] struct {
	s          *Service[S, E, C]
	id         string
	token      pageToken
	take       func(E) bool
	r          object.HistoryRange
	generation int64 // of the object the first chunk came from
	place      int64 // last sequence that was taken
}

// read hands out at most limit events, and reports whether there may be more.
func (p *historyPage[S, E, C]) read(ctx context.Context, limit int) (more bool, err error) {
	for left := limit; left > 0; left -= p.r.Limit {
		p.r.Limit = min(left, historyChunk)
		events, err := p.chunk(ctx)
		if errors.Is(err, journal.ErrDamaged) && p.place > 0 {
			return true, nil // the next page says so
		}
		if err != nil {
			return false, err
		}
		for _, e := range events {
			if !p.take(e) {
				return true, nil
			}
			p.place = p.s.class.Sequence(e)
		}
		if p.r.Ascending && len(events) < p.r.Limit || !p.r.Ascending && p.place <= 1 {
			return false, nil
		}
		p.r.After, p.r.Before = p.place, p.place
	}
	return true, nil
}

// chunk reads the next events, which must be of the life of the object that the
// token and the chunk before are of.
func (p *historyPage[S, E, C]) chunk(ctx context.Context) ([]E, error) {
	events, generation, err := p.s.host.History(ctx, p.id, p.r)
	if err != nil {
		return nil, err
	}
	if p.generation != 0 && p.generation != generation {
		return nil, p.s.class.NotFound(p.id)
	}
	p.generation = generation
	return events, p.token.of(p.listing())
}

// lost says for a caller which events are there, if that is known.
func lost(err error, class string) error {
	var l *journal.LostError
	if !errors.As(err, &l) {
		return err
	}
	return &Error{
		Class: journal.ErrDamaged, Cause: err,
		Text: fmt.Sprintf("the events of this %s before %d are lost, since its file was damaged; read the others by after_sequence %d; the operator finds what is left by spectralnotify doctor",
			class, l.First, l.First-1),
		Metadata: map[string]string{"first_sequence": strconv.FormatInt(l.First, 10)},
	}
}

// listing is the digest of all that makes pages belong together.
func (p *historyPage[S, E, C]) listing() [32]byte {
	return digest("history", p.s.class.Name(), p.s.lister.Epoch(), p.id, strconv.FormatInt(p.generation, 10))
}
