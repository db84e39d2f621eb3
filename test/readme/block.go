package readme

import "strings"

// A Block is fenced text of a page.
type Block struct {
	Lang string
	Text string
	Line int // where it begins
}

// Blocks returns the fenced blocks of a page.
func Blocks(page string) []Block {
	var blocks []Block
	var open *Block
	for n, line := range strings.Split(page, "\n") {
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &Block{Lang: lang, Line: n + 1}
		case fence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.Text += line + "\n"
		}
	}
	return blocks
}
