package service

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// detailChunk bounds how many objects with metadata and result are in memory for
// one page, since each may carry 130 KiB.
const detailChunk = 50

// A ListQuery asks for one page of objects.
type ListQuery struct {
	Filter journal.Filter
	Order  journal.Order
	Token  string // of the page before; "" begins
	Size   int    // at most this many, > 0
	Full   bool   // with metadata and result
}

// A Listing is what a page says besides its objects.
type Listing struct {
	Next    string // token of the next page; "" if this is the last
	Count   int64  // how many match in all
	AtLeast bool   // there are more than Count
}

// List hands a page of objects to take, newest first, until take refuses one; it
// is on the next page then. Callers who are not admin see their own.
//
// It answers after everything it shows has been shown by the objects themselves.
func (s *Service[S, E, C]) List(ctx context.Context, who auth.Principal, q ListQuery, take func(S) bool) (Listing, error) {
	if !who.Admin() {
		if q.Filter.CreatedBy != "" && q.Filter.CreatedBy != who.Subject {
			return Listing{}, nil
		}
		q.Filter.CreatedBy = who.Subject
	}
	listing, err := s.listingOf(q)
	if err != nil {
		return Listing{}, err
	}
	token, err := unseal(q.Token)
	if err == nil {
		err = token.of(listing)
	}
	if err != nil {
		return Listing{}, err
	}
	l, place, err := s.readList(ctx, q, token.place, take)
	if err == nil && place > 0 {
		l.Next = seal(listing, place)
	}
	return l, err
}

// listingOf returns the digest of all that makes pages belong together.
func (s *Service[S, E, C]) listingOf(q ListQuery) ([32]byte, error) {
	filter, err := json.Marshal(q.Filter)
	if err != nil {
		return [32]byte{}, fmt.Errorf("service: filter: %w", err)
	}
	return digest("list", s.class.Name(), s.lister.Epoch(), fmt.Sprint(q.Order), string(filter)), nil
}

// readList reads chunk by chunk. It returns the place of the last object that was
// taken, 0 if there is none after it.
func (s *Service[S, E, C]) readList(ctx context.Context, q ListQuery, before int64, take func(S) bool) (l Listing, place int64, err error) {
	jq := journal.Query{Class: s.class.Name(), Filter: q.Filter, Order: q.Order, Before: before, Detail: q.Full}
	for left := q.Size; ; {
		if jq.Limit = left; q.Full {
			jq.Limit = min(left, detailChunk)
		}
		page, err := s.page(ctx, jq)
		if err != nil {
			return Listing{}, 0, err
		}
		if left == q.Size {
			l.Count, l.AtLeast = page.Count, page.AtLeast
		}
		for _, row := range page.Rows {
			t, err := s.unpack(row)
			if err != nil {
				return Listing{}, 0, err
			}
			if !take(t) {
				return l, place, nil
			}
			place = placeOf(row.Row, q.Order)
		}
		left -= len(page.Rows)
		if page.Next == 0 {
			return l, 0, nil
		}
		if left <= 0 {
			return l, place, nil
		}
		jq.Before = place
	}
}

// page reads rows and waits until the objects themselves have shown them.
func (s *Service[S, E, C]) page(ctx context.Context, q journal.Query) (journal.Page, error) {
	page, err := s.lister.List(ctx, q)
	if err != nil {
		return journal.Page{}, fmt.Errorf("service: list: %w", err)
	}
	return page, s.host.Shown(ctx, page.LSN)
}

func placeOf(row journal.Row, order journal.Order) int64 {
	if order == journal.ByUpdated {
		return row.LSN
	}
	return row.Generation
}

// Stats returns how many objects there are of each status that has some, in the
// order of the statuses, of which last is the highest. Callers who are not admin
// get the counts of their own.
func (s *Service[S, E, C]) Stats(ctx context.Context, who auth.Principal, last int) ([]journal.Tally, error) {
	if !who.Admin() {
		return s.ownStats(ctx, who, last)
	}
	tallies, lsn, err := s.lister.Tallies(ctx, s.class.Name())
	if err != nil {
		return nil, fmt.Errorf("service: stats: %w", err)
	}
	return tallies, s.host.Shown(ctx, lsn)
}

// ownStats counts by listing: it reads a row per status, and the count comes
// from the tallies.
func (s *Service[S, E, C]) ownStats(ctx context.Context, who auth.Principal, last int) ([]journal.Tally, error) {
	var tallies []journal.Tally
	for status := 1; status <= last; status++ {
		page, err := s.page(ctx, journal.Query{
			Class: s.class.Name(), Limit: 1,
			Filter: journal.Filter{Statuses: []int{status}, CreatedBy: who.Subject},
		})
		if err != nil {
			return nil, err
		}
		if page.Count > 0 {
			tallies = append(tallies, journal.Tally{Status: status, Count: page.Count})
		}
	}
	return tallies, nil
}
