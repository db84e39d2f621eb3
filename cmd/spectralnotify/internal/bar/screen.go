package bar

import (
	"bytes"
	"fmt"
	"io"
)

// A Screen shows lines on a terminal and replaces them in place. It is not safe
// for concurrent use. Close leaves the last lines where they are.
type Screen struct {
	out    io.Writer
	shown  int // lines below the place where drawing began
	hidden bool
}

// NewScreen returns a screen on a terminal.
func NewScreen(out io.Writer) *Screen { return &Screen{out: out} }

// Draw replaces the lines that are shown. done are printed above them first and
// stay for good; nothing touches them again. All of it is one write, so that it
// does not flicker.
func (s *Screen) Draw(done, lines []string) error {
	var b bytes.Buffer
	if !s.hidden {
		b.WriteString("\x1b[?25l")
		s.hidden = true
	}
	if s.shown > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.shown)
	}
	b.WriteString("\r")
	for _, line := range done {
		b.WriteString(line + "\x1b[K\n")
	}
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	s.shown = len(lines)
	_, err := s.out.Write(b.Bytes())
	return err
}

// Close gives the terminal back.
func (s *Screen) Close() error {
	if !s.hidden {
		return nil
	}
	s.hidden = false
	_, err := io.WriteString(s.out, "\x1b[?25h")
	return err
}
