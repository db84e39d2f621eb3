// Package fault runs the real binary where it has not what it needs: too few
// descriptors, a disk that is full. What it was told stays true, what it answers
// stays right, and it goes on by itself when there is enough again.
package fault
