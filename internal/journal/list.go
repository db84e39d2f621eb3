package journal

// A Filter says which objects of a class are listed. An object matches if it
// matches every field that is set.
type Filter struct {
	Statuses      []int    // any of these
	IDPrefix      string   // begins with this, byte by byte
	CreatedBy     string   // exactly this
	Tags          []string // has all of these
	Type          string   // exactly this
	CreatedAfter  int64    // created at or after; 0 is no bound
	CreatedBefore int64    // created before; 0 is no bound
	UpdatedAfter  int64    // changed at or after; 0 is no bound
	UpdatedBefore int64    // changed before; 0 is no bound
}

// An Order is the order of a listing; newest first in either case.
type Order uint8

const (
	ByCreated Order = iota // by generation
	ByUpdated              // by the ledger position of the last change
)

// A Query asks for one page of a listing.
type Query struct {
	Class  string
	Filter Filter
	Order  Order
	Before int64 // go on below this generation (ByCreated) or LSN (ByUpdated); 0 starts
	Limit  int   // at most this many rows, > 0
	Detail bool  // read the details too
}

// A Page is an answer to a Query. It is one snapshot of the registry.
type Page struct {
	Rows    []Loaded // Pending is not filled
	Next    int64    // Before of the next page; 0 if this is the last
	Count   int64    // how many objects match in all
	AtLeast bool     // counting stopped at Count, there are more
	LSN     int64    // ledger position of the snapshot
}

// A Tally is how many objects of a class have a status.
type Tally struct {
	Status int
	Count  int64
}
