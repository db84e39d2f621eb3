package bar_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// tasks are one of each look.
var tasks = []bar.Task{
	{ID: "not-yet"},
	{ID: "queued", Status: bar.Pending, Message: "Task created"},
	{ID: "render-1", Status: bar.Running, Progress: 62, Started: ago(20 * time.Second), ETA: now.Add(12 * time.Second), Message: "Encoding pass 2 of 2, scene 14"},
	{ID: "render-2", Status: bar.Running, Progress: 1, Started: ago(3 * time.Hour), ETA: now.Add(26 * time.Hour), Message: "Slow"},
	{ID: "render-3", Status: bar.Running, Progress: 99, Started: ago(61 * time.Second), Note: "reconnecting", Message: "hidden by the note"},
	{ID: "import", Status: bar.Success, Progress: 100, Started: ago(70 * time.Second), Ended: ago(10 * time.Second), Message: "Task completed"},
	{ID: "upload", Status: bar.Failed, Progress: 37, Started: ago(70 * time.Second), Ended: ago(65 * time.Second), Message: "no space left on device"},
	{ID: "backup", Status: bar.Canceled, Progress: 50, Started: ago(70 * time.Second), Ended: ago(65 * time.Second), Message: "Task canceled"},
	{ID: "gone", Status: bar.Removed, Progress: 10},
	{ID: "a-very-long-id-that-does-not-fit-anywhere", Status: bar.Running, Progress: 5, Message: "Cut"},
	{ID: "映画の変換", Status: bar.Running, Progress: 50, Started: ago(time.Second), Message: "字幕を書き込み中 🎬 もうすぐ終わります"},
	{ID: "evil\x1b[2J\rid", Status: bar.Running, Progress: 50, Message: "line one\nline two\x1b[31m\u202e"},
}

func TestLineGolden(t *testing.T) {
	for name, style := range map[string]bar.Style{
		"wide":     {Width: 120, Label: 12},
		"terminal": {Width: 79, Label: 12},
		"narrow":   {Width: 40, Label: 12},
		"tiny":     {Width: 18, Label: 12},
		"colour":   {Width: 79, Label: 12, Colour: true},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, task := range tasks {
				got.WriteString(bar.Line(task, now, style) + "\n")
			}
			golden(t, "testdata/"+name+".golden", got.String())
		})
	}
}

// A line that is too wide wraps, and the screen is torn.
func TestLineIsNeverWiderThanTheTerminal(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		task := tasks[r.IntN(len(tasks))]
		task.Progress = r.IntN(101)
		style := bar.Style{Width: 8 + r.IntN(200), Label: r.IntN(40)}
		line := bar.Line(task, now, style)
		if w := bar.Width(line); w > style.Width {
			t.Fatalf("seed %d: %d columns for %+v:\n%s", seed, w, style, line)
		}
		if strings.ContainsAny(line, "\x1b\r\n") {
			t.Fatalf("seed %d: a control character got through: %q", seed, line)
		}
	}
}

func TestCutAndPadCountColumns(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{"plain", 5, "plain"},
		{"plain", 4, "pla…"},
		{"plain", 1, "…"},
		{"plain", 0, ""},
		{"plain", 7, "plain  "},
		{"映画", 4, "映画"},
		{"映画", 3, "映…"},
		{"映画", 2, "… "},
		{"e\u0301a", 2, "e\u0301a"},
	} {
		if got := bar.Pad(tt.text, tt.width); got != tt.want {
			t.Errorf("Pad(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestScreenDrawsInPlaceAndGivesTheTerminalBack(t *testing.T) {
	var out strings.Builder
	s := bar.NewScreen(&out)
	for _, step := range []struct{ done, lines []string }{
		{nil, []string{"a 1%", "b 1%"}},
		{[]string{"a done"}, []string{"b 50%"}},
		{nil, []string{"b 99%"}},
	} {
		if err := s.Draw(step.done, step.lines); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[?25l\ra 1%\x1b[K\nb 1%\x1b[K\n\x1b[J" +
		"\x1b[2A\ra done\x1b[K\nb 50%\x1b[K\n\x1b[J" +
		"\x1b[1A\rb 99%\x1b[K\n\x1b[J" +
		"\x1b[?25h"
	if out.String() != want {
		t.Errorf("wrote %q\n want %q", out.String(), want)
	}
}

func ExampleLine() {
	task := bar.Task{ID: "render", Status: bar.Running, Progress: 62, Started: ago(20 * time.Second), ETA: now.Add(12 * time.Second), Message: "Encoding"}
	fmt.Println(bar.Line(task, now, bar.Style{Width: 79, Label: 6}))
	// Output: render ███████████▏░░░░░░  62% running   ETA 0:12    0:20 Encoding
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}
