package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestEveryFlagHasItsEnvironmentVariable(t *testing.T) {
	parser, _ := newParser(&console{})
	n := 0
	walkFlags(parser.Model.Node, func(command *kong.Node, f *kong.Flag) {
		if f.Name == "help" {
			return
		}
		n++
		want := envPrefix + "_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if len(f.Envs) != 1 || f.Envs[0] != want {
			t.Errorf("%s --%s has the variables %q, want %s", command.FullPath(), f.Name, f.Envs, want)
		}
		if f.Help == "" {
			t.Errorf("%s --%s has no help", command.FullPath(), f.Name)
		}
	})
	if n < 40 {
		t.Errorf("saw only %d flags", n)
	}
}

func TestUnknownVariablesAreWarnedOf(t *testing.T) {
	var out strings.Builder
	warnUnknownEnv(&out, []string{
		"PATH=/bin", "SPECTRALNOTIFY_URL=x", "SPECTRALNOTIFY_API_KEY=x", "SPECTRALNOTIFY_BOOTSTRAP_KEY=x",
		"SPECTRALNOTIFY_RATE_IP=0", "SPECTRALNOTIFY_RATE_PRINCIPAL=7", "SPECTRALNOTIFY_DATADIR=x",
	})
	want := []string{"SPECTRALNOTIFY_RATE_PRINCIPAL: rate limits", "SPECTRALNOTIFY_DATADIR means nothing"}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("warned %q", lines)
	}
	for i, text := range want {
		if !strings.Contains(lines[i], text) {
			t.Errorf("warned %q, want %q in it", lines[i], text)
		}
	}
}

// Each kind of wrong input: one line that names what is wrong and what to do.
func TestWrongInput(t *testing.T) {
	tests := map[string]struct {
		args []string
		says string
	}{
		"no command":             {nil, `missing command`},
		"no task command":        {[]string{"task"}, `missing command`},
		"unknown command":        {[]string{"tusk"}, `unexpected argument tusk, did you mean "task"?`},
		"unknown flag":           {[]string{"watch", "a", "--folow"}, `unknown flag --folow, did you mean "--follow"?`},
		"missing argument":       {[]string{"task", "progress", "a"}, `missing argument <n>`},
		"both arguments missing": {[]string{"task", "progress"}, `missing argument <id>`},
		"extra argument":         {[]string{"task", "get", "a", "b"}, `unexpected argument b`},
		"progress too large":     {[]string{"task", "progress", "a", "101"}, `"101" is not a progress, give a whole number from 0 to 100`},
		"progress no number":     {[]string{"task", "progress", "a", "half"}, `"half" is not a progress`},
		"negative progress":      {[]string{"task", "progress", "a", "-5"}, `write -- before`},
		"metadata no JSON":       {[]string{"task", "create", "a", "--metadata", "frames=12"}, `--metadata: "frames=12" is not JSON`},
		"metadata no object":     {[]string{"task", "create", "a", "--metadata", "[1]"}, `--metadata: not a JSON object`},
		"status":                 {[]string{"task", "create", "a", "--status", "done"}, `--status must be one of "pending","in-progress" but got "done"`},
		"flag without value":     {[]string{"task", "create", "a", "--type"}, `--type: expected string value`},
		"limit":                  {[]string{"task", "list", "--limit=-1"}, `--limit: must be 0 (all) or more, not -1`},
		"limit no number":        {[]string{"task", "list", "--limit", "ten"}, `--limit: expected a valid 64 bit int but got "ten"`},
		"history":                {[]string{"watch", "a", "--history", "1001"}, `--history: must be from 0 to 1000, not 1001`},
		"url":                    {[]string{"task", "get", "a", "--url", "localhost:80"}, `--url: "localhost:80" is not a URL`},
		"insecure abroad":        {[]string{"task", "get", "a", "--insecure", "--url", "https://example.com"}, `--insecure: only for a server on this machine`},
		"key file":               {[]string{"task", "get", "a", "--api-key-file", "/nowhere"}, `--api-key-file: `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errs := runIn(t, tt.args...)
			if code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, tt.says) {
				t.Errorf("exit code %d, printed %q and %q, want one line with %q", code, out, errs, tt.says)
			}
		})
	}
}

func TestAVariableWithAWrongValueIsNamed(t *testing.T) {
	t.Setenv("SPECTRALNOTIFY_LIMIT", "ten")
	code, _, errs := runIn(t, "task", "list")
	if code != exitUsage || !strings.Contains(errs, "SPECTRALNOTIFY_LIMIT") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, printed %q", code, errs)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	code, out, errs := runIn(t, "task", "create", "--help")
	if code != 0 || !strings.Contains(out, "$SPECTRALNOTIFY_METADATA") || errs != "" {
		t.Errorf("exit code %d, printed %q and %q", code, out, errs)
	}
}
