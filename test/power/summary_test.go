package main

import (
	"io"
	"strings"
	"testing"
)

func TestTheSummaryAddsUp(t *testing.T) {
	attr := func(key, value string) string {
		return `{"Action":"attr","Package":"p","Test":"T","Key":"` + key + `","Value":"` + value + `"}`
	}
	whole := []string{attr("crashes", "10"), attr("again", "3"), attr("seed", "7"), attr("crashes", "5"), attr("mutants", "2"), attr("caught", "2")}
	for name, tt := range map[string]struct {
		lines []string
		want  string // part of the line
		fault string // of the verdict; "" is none
	}{
		"all is well":             {whole, "15 crashes, 3 of them again in recovery; 0 lost, 0 corrupt; 2 of 2 mutants caught; seed 7", ""},
		"something is lost":       {append(whole[:6:6], attr("lost", "1")), "1 lost", "promise"},
		"something is corrupt":    {append(whole[:6:6], attr("corrupt", "1")), "1 corrupt", "promise"},
		"a mutant was not caught": {append(whole[:6:6], attr("mutants", "1")), "2 of 3 mutants", "mutant"},
		"nothing ran":             {nil, "0 crashes", "never failed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSummary(io.Discard)
			if err := s.read(strings.NewReader(strings.Join(tt.lines, "\n"))); err != nil {
				t.Fatal(err)
			}
			if got := s.String(); !strings.Contains(got, tt.want) {
				t.Errorf("it says %q, want %q", got, tt.want)
			}
			err := s.verdict()
			if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("the verdict is %v, want %q", err, tt.fault)
			}
		})
	}
}

func TestWhatAFailedTestSaidIsPrinted(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	lines := `{"Action":"output","Package":"p","Test":"A","Output":"well\n"}
{"Action":"output","Package":"p","Test":"B","Output":"seed 7: lost\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"fail","Package":"p","Test":"B"}`
	if err := s.read(strings.NewReader(lines)); err != nil || out.String() != "seed 7: lost\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}
