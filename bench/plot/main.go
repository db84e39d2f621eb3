// Plot draws the charts of docs/performance: go run ./bench/plot
//
// It reads charts.json there and writes one SVG for each chart beside it, bars
// that begin at 0, so that lengths can be compared.
package main

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
)

// A chart is bars in groups.
type chart struct {
	File   string  `json:"file"`
	Title  string  `json:"title"`
	Unit   string  `json:"unit"`
	Groups []group `json:"groups"`
}

type group struct {
	Name string `json:"name"`
	Bars []bar  `json:"bars"`
}

type bar struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Ours  bool    `json:"ours"`
}

func main() {
	if err := run("docs/performance"); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "charts.json"))
	if err != nil {
		return err
	}
	var charts []chart
	if err := json.Unmarshal(data, &charts); err != nil {
		return fmt.Errorf("charts.json: %w", err)
	}
	for _, c := range charts {
		if err := os.WriteFile(filepath.Join(dir, c.File), []byte(c.svg()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The measures of a chart, in pixels.
const (
	width  = 720
	left   = 210 // of the bars
	right  = 90  // for their figures
	height = 22  // of a bar with its gap
	top    = 40
)

func (c chart) svg() string {
	var b strings.Builder
	y, most := top, 0.0
	for _, g := range c.Groups {
		for _, x := range g.Bars {
			most = max(most, x.Value)
		}
	}
	for _, g := range c.Groups {
		fmt.Fprintf(&b, "<text x=\"10\" y=\"%d\" class=\"g\">%s</text>\n", y+15, html.EscapeString(g.Name))
		y += height
		for _, x := range g.Bars {
			class := "peer"
			if x.Ours {
				class = "ours"
			}
			long := x.Value / most * (width - left - right)
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" class=\"n\">%s</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"%s\"/><text x=\"%.1f\" y=\"%d\">%s</text>\n",
				left-8, y+14, html.EscapeString(x.Name), left, y+2, long, height-6, class, float64(left)+long+6, y+14, figure(x.Value))
			y += height
		}
		y += 8
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
<style>text{fill:#333}.t{font-size:16px;font-weight:bold}.g{font-weight:bold}.n{text-anchor:end}.ours{fill:#6d4aff}.peer{fill:#a8a8b8}
@media(prefers-color-scheme:dark){text{fill:#ddd}.peer{fill:#77778a}.ours{fill:#9b85ff}}</style>
<text x="10" y="22" class="t">%s</text><text x="%d" y="22" text-anchor="end">%s</text>
%s</svg>
`, width, y, html.EscapeString(c.Title), width-10, html.EscapeString(c.Unit), b.String())
}

func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
