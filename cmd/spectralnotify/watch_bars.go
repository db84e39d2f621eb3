package main

import (
	"io"
	"math"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
)

// How often bars are drawn again: soon after news, and at least once a second
// so that the clocks go on.
const (
	soon   = 100 * time.Millisecond
	within = time.Second
)

// A stage is a board on a terminal.
type stage struct {
	board  *board
	screen *bar.Screen
	out    io.Writer
	label  int  // columns of the ids; never shrinks, so that bars stay in line
	rolls  bool // tasks that are over leave the board at once, upwards
	dirty  bool
	drawn  time.Time
}

func newStage(out io.Writer, ids []string, label int, rolls bool) *stage {
	return &stage{board: newBoard(ids), screen: bar.NewScreen(out), out: out, rolls: rolls, label: label, dirty: true}
}

// showBars draws news as bars until there are no more.
func showBars(con *console, ids []string, all <-chan news) error {
	s := newStage(con.out, ids, 0, false)
	return s.run(all)
}

// run draws until the news end. The last lines stay.
func (s *stage) run(all <-chan news) error {
	defer s.screen.Close()
	ticker := time.NewTicker(soon)
	defer ticker.Stop()
	if err := s.draw(time.Now(), false); err != nil {
		drain(all)
		return err
	}
	for {
		select {
		case n, more := <-all:
			if !more {
				return s.draw(time.Now(), true)
			}
			s.board.take(n)
			s.dirty = true
		case now := <-ticker.C:
			if !s.dirty && now.Sub(s.drawn) < within {
				continue
			}
			if err := s.draw(now, false); err != nil {
				drain(all)
				return err
			}
		}
	}
}

// draw draws the board; at the end all of it, however long.
func (s *stage) draw(now time.Time, end bool) error {
	width, height := terminalSize(s.out)
	s.label = max(s.label, s.board.label(width))
	style := bar.Style{Width: width - 1, Label: s.label, Colour: !noColour()}
	var done []string
	if s.rolls || len(s.board.rows) > height-1 {
		done = s.board.settle(now, style)
	}
	if end {
		height = math.MaxInt
	}
	s.dirty, s.drawn = false, now
	return s.screen.Draw(done, s.board.lines(now, style, height-1))
}

// drain reads news that nobody wants, so that those who tell them can end.
func drain(all <-chan news) {
	go func() {
		for range all {
		}
	}()
}

// isTerminal reports whether w is a terminal that can move its cursor.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// terminalSize is how many columns and lines a terminal has.
func terminalSize(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 1 {
			return width, height
		}
	}
	return 80, 24
}
