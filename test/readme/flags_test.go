package readme

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// flagName is a flag in the output of --help.
var flagName = regexp.MustCompile(`--[a-z][a-z-]+`)

// The page for operators names every flag of serve and every command; it names no
// flag that is not there.
func TestTheDocsNameEveryFlag(t *testing.T) {
	r := newReader(t)
	operations := page(t, "docs/operations.md")
	help := func(args ...string) string {
		out, err := exec.Command(r.binary, append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v --help: %v\n%s", args, err, out)
		}
		return string(out)
	}
	flags := flagName.FindAllString(help("serve"), -1)
	if len(flags) < 5 {
		t.Fatalf("serve --help names only %v", flags)
	}
	for _, f := range flags {
		if f != "--help" && !strings.Contains(operations, "`"+f+"`") {
			t.Errorf("docs/operations.md does not name %s of serve", f)
		}
	}
	_, section, ok := strings.Cut(operations, "### serve\n")
	if !ok {
		t.Fatal("docs/operations.md has no section on serve")
	}
	section, _, _ = strings.Cut(section, "\n### ")
	for _, f := range flagName.FindAllString(section, -1) {
		if !slices.Contains(flags, f) {
			t.Errorf("docs/operations.md names %s, which serve does not have", f)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) `).FindAllStringSubmatch(help(), -1) {
		if !strings.Contains(operations, "`"+m[1]) {
			t.Errorf("docs/operations.md does not name the command %s", m[1])
		}
	}
}
