package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Scopes is a set of scopes. The zero value allows nothing.
type Scopes uint16

// The scopes. Admin implies all others.
const (
	TaskCreate Scopes = 1 << iota
	TaskList
	TaskDelete
	TaskRead
	TaskWatch
	TaskWrite
	Worker
	Admin
	CounterCreate
	CounterList
	CounterDelete
	CounterRead
	CounterWatch
	CounterWrite
)

// scopeNames are the words of the scopes, in the order of their bits.
var scopeNames = [...]string{
	"task:create", "task:list", "task:delete", "task:read", "task:watch", "task:write", "worker", "admin",
	"counter:create", "counter:list", "counter:delete", "counter:read", "counter:watch", "counter:write",
}

// Has reports whether s allows everything that want asks for.
func (s Scopes) Has(want Scopes) bool {
	return s&Admin != 0 || s&want == want
}

// Names returns the words of the set, such as "task:create", in a fixed order.
func (s Scopes) Names() []string {
	var names []string
	for i, name := range scopeNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String returns the words of the set, separated by a space.
func (s Scopes) String() string { return strings.Join(s.Names(), " ") }

// ParseScopes is the inverse of Names; the order does not matter. An unknown
// word is an error that names it and the known ones.
func ParseScopes(names []string) (Scopes, error) {
	var s Scopes
	for _, name := range names {
		i := slices.Index(scopeNames[:], name)
		if i < 0 {
			return 0, fmt.Errorf("auth: unknown scope %q; known are %s", name, strings.Join(scopeNames[:], ", "))
		}
		s |= 1 << i
	}
	return s, nil
}
