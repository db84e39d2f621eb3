// Package readme runs what the README tells a newcomer to type, in its order,
// and compares what is printed with what the README shows. In what it shows, an
// ellipsis stands for any value, any further fields or elements, or any lines.
package readme
