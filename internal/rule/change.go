package rule

// A Change is what a call does to an object. S is the state of an object, E one
// of its events.
type Change[S, E any] struct {
	Next   S    // after the events; for a delete the object as it was
	Events []E  // in order, their sequences going on from the object's
	Delete bool // the object is gone; Events is empty
	Detail bool // metadata or result was set
}

// A Call is what must be known of a command without knowing its class.
type Call struct {
	ID      string // of the object; may be empty for a creation
	Creates bool
	Deletes bool
	Ends    bool // it ends work, and so may use the room that is kept for that
}
