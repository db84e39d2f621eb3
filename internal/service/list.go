package service

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// class is the name of tasks in the registry.
const class = "task"

// detailChunk bounds how many tasks with metadata and result are in memory for
// one page, since each may carry 130 KiB.
const detailChunk = 50

// A ListQuery asks for one page of tasks.
type ListQuery struct {
	Filter journal.Filter
	Order  journal.Order
	Token  string // of the page before; "" begins
	Size   int    // at most this many, > 0
	Full   bool   // with metadata and result
}

// A Listing is what a page says besides its tasks.
type Listing struct {
	Next    string // token of the next page; "" if this is the last
	Count   int64  // how many match in all
	AtLeast bool   // there are more than Count
}

// List hands a page of tasks to take, newest first, until take refuses one; it
// is on the next page then. Callers who are not admin see their own tasks.
//
// It answers after everything it shows has been shown by the tasks themselves.
func (s *Service) List(ctx context.Context, who auth.Principal, q ListQuery, take func(task.Task) bool) (Listing, error) {
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
func (s *Service) listingOf(q ListQuery) ([32]byte, error) {
	filter, err := json.Marshal(q.Filter)
	if err != nil {
		return [32]byte{}, fmt.Errorf("service: filter: %w", err)
	}
	return digest("list", s.lister.Epoch(), fmt.Sprint(q.Order), string(filter)), nil
}

// readList reads chunk by chunk. It returns the place of the last task that was
// taken, 0 if there is none after it.
func (s *Service) readList(ctx context.Context, q ListQuery, before int64, take func(task.Task) bool) (l Listing, place int64, err error) {
	jq := journal.Query{Class: class, Filter: q.Filter, Order: q.Order, Before: before, Detail: q.Full}
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

// page reads rows and waits until the tasks themselves have shown them.
func (s *Service) page(ctx context.Context, q journal.Query) (journal.Page, error) {
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

// Stats returns how many tasks there are of each status that has some, in the
// order of the statuses. Callers who are not admin get the counts of their own.
func (s *Service) Stats(ctx context.Context, who auth.Principal) ([]journal.Tally, error) {
	if !who.Admin() {
		return s.ownStats(ctx, who)
	}
	tallies, lsn, err := s.lister.Tallies(ctx, class)
	if err != nil {
		return nil, fmt.Errorf("service: stats: %w", err)
	}
	return tallies, s.host.Shown(ctx, lsn)
}

// ownStats counts by listing: it reads a row per status, and the count comes
// from the tallies.
func (s *Service) ownStats(ctx context.Context, who auth.Principal) ([]journal.Tally, error) {
	var tallies []journal.Tally
	for status := task.Pending; status <= task.Canceled; status++ {
		page, err := s.page(ctx, journal.Query{
			Class: class, Limit: 1,
			Filter: journal.Filter{Statuses: []int{int(status)}, CreatedBy: who.Subject},
		})
		if err != nil {
			return nil, err
		}
		if page.Count > 0 {
			tallies = append(tallies, journal.Tally{Status: int(status), Count: page.Count})
		}
	}
	return tallies, nil
}
