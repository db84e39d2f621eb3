// Package rule holds what the rules of all classes have in common: what a call
// does, how it is refused, and how ids and texts are checked.
//
// Everything here is a function of its arguments. It knows no class.
package rule
