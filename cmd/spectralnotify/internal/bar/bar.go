// Package bar draws tasks as progress bars for a terminal.
//
// Line is a function of its arguments: it knows no clock, no terminal and no
// network. Screen puts lines on a terminal and draws them again in place.
package bar

import (
	"fmt"
	"strings"
	"time"
)

// A Task is what a bar shows of a task.
type Task struct {
	ID       string
	Status   Status
	Progress int       // percent, 0 to 100
	Started  time.Time // zero before it started
	Ended    time.Time // zero before it ended
	ETA      time.Time // zero if not known
	Message  string    // the last one
	Note     string    // shown instead of Message: "reconnecting"
}

// Status is where a task stands. The numbers from Pending to Canceled are those
// of the API.
type Status int

const (
	Waiting Status = iota // not there yet
	Pending
	Running
	Success
	Failed
	Canceled
	Removed
)

// A Style says how lines look.
type Style struct {
	Width  int  // columns of the terminal
	Label  int  // columns of the id
	Colour bool // whether colours may be used
}

const (
	widestBar   = 40
	smallestBar = 8
)

// Line draws a task. The line is never wider than style.Width. What does not
// fit is left out in this order: the message, the elapsed time, the ETA, the
// status, the bar; id and percent stay.
func Line(t Task, now time.Time, style Style) string {
	room := style.Width
	label := Pad(Plain(t.ID), max(1, min(style.Label, room-5)))
	percent := fmt.Sprintf("%3d%%", t.Progress)
	room -= Width(label) + 1 + len(percent)

	parts := fields(t, now)
	if room < smallestBar+1 {
		return strings.TrimRight(label, " ") + " " + strings.TrimLeft(percent, " ")
	}
	kept, room := keep(parts, room-smallestBar-1)
	size := smallestBar + min(widestBar-smallestBar, room/3)
	room -= size - smallestBar

	var line strings.Builder
	line.WriteString(label + " " + style.paint(t.Status, draw(t.Progress, size)) + " " + percent)
	for i, part := range kept {
		text := " " + part
		if i == 0 {
			text = " " + style.paint(t.Status, part)
		}
		line.WriteString(text)
	}
	text := t.Note
	if text == "" {
		text = t.Message
	}
	if text = Cut(Plain(text), room-1); text != "" && room > 8 {
		line.WriteString(" " + text)
	}
	return strings.TrimRight(line.String(), " ")
}

// fields are the parts behind the percent, the most important first.
func fields(t Task, now time.Time) []string {
	return []string{
		fmt.Sprintf("%-9s", t.Status),
		fmt.Sprintf("%-9s", eta(t, now)),
		fmt.Sprintf("%6s", elapsed(t, now)),
	}
}

// keep returns the parts that fit, and the room that is left.
func keep(parts []string, room int) ([]string, int) {
	for i, part := range parts {
		if room < Width(part)+1 {
			return parts[:i], room
		}
		room -= Width(part) + 1
	}
	return parts, room
}

// draw is the bar itself, in eighths of a column.
func draw(percent, size int) string {
	eighths := min(max(percent, 0), 100) * size * 8 / 100
	full, rest := eighths/8, eighths%8
	text := strings.Repeat("█", full)
	if rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
		full++
	}
	return text + strings.Repeat("░", size-full)
}

func eta(t Task, now time.Time) string {
	if t.Status != Running || t.ETA.IsZero() {
		return ""
	}
	return "ETA " + clock(t.ETA.Sub(now))
}

func elapsed(t Task, now time.Time) string {
	if t.Started.IsZero() {
		return ""
	}
	if !t.Ended.IsZero() {
		now = t.Ended
	}
	return clock(now.Sub(t.Started))
}

// clock writes a duration as a clock does: 0:07, 12:34, 1h02m, 3d04h.
func clock(d time.Duration) string {
	s := int(max(d, 0).Round(time.Second) / time.Second)
	switch {
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}

// String is the status in one word.
func (s Status) String() string {
	return [...]string{"waiting", "pending", "running", "success", "failed", "canceled", "removed"}[s]
}

func (s Style) paint(status Status, text string) string {
	if !s.Colour {
		return text
	}
	code := [...]string{"2", "33", "36", "32", "31", "35", "2"}[status]
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
