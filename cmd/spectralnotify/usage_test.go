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

		"authenticated":    {[]string{"serve", "--public-access", "authenticated"}, `--public-access: authenticated is not built yet, only open`},
		"no policy":        {[]string{"serve", "--public-access", "all"}, `--public-access: "all" is none of open, capability, authenticated`},
		"everywhere":       {[]string{"serve", "--addr", ":8094"}, `--public-access: :8094 can be reached from other machines`},
		"no address":       {[]string{"serve", "--addr", "8094"}, `--addr: "8094" is not HOST:PORT`},
		"port too large":   {[]string{"serve", "--addr", "127.0.0.1:99999"}, `--addr: "127.0.0.1:99999" is not HOST:PORT, the port is from 0 to 65535`},
		"no port":          {[]string{"serve", "--admin-addr", "127.0.0.1:none"}, `--admin-addr: "127.0.0.1:none" is not HOST:PORT`},
		"operator abroad":  {[]string{"serve", "--admin-addr", "0.0.0.0:0"}, `--admin-addr: must be on this machine`},
		"half a pair":      {[]string{"serve", "--tls-cert", "c.pem"}, `--tls-cert and --tls-key: give both`},
		"two certificates": {[]string{"serve", "--tls-cert", "c.pem", "--tls-key", "k.pem", "--dev-tls"}, `--dev-tls: not together with --tls-cert`},
		"no certificate":   {[]string{"serve", "--tls-cert", "/nowhere", "--tls-key", "/nowhere"}, `--tls-cert, --tls-key: `},
		"no size":          {[]string{"serve", "--max-journal-bytes", "1parsec"}, `--max-journal-bytes: "1parsec" is not a size, give a number of bytes, or one with KiB, MiB, GiB`},
		"negative limit":   {[]string{"serve", "--max-events=-1"}, `--max-events: must not be negative`},
		"every origin":     {[]string{"serve", "--cors-origin", "*"}, `--cors-origin: * would let every web page call`},
		"no origin":        {[]string{"serve", "--cors-origin", "example.com"}, `--cors-origin: "example.com" is no origin`},
		"log level":        {[]string{"serve", "--log-level", "loud"}, `--log-level must be one of "debug","info","warn","error" but got "loud"`},
		"no jobs":          {[]string{"demo", "--jobs", "0"}, `--jobs: must be from 1 to 1000, not 0`},
		"backwards":        {[]string{"demo", "--speed=-1"}, `--speed: must be more than 0`},
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

func TestSizes(t *testing.T) {
	for text, want := range map[string]size{"0": 0, "4096": 4096, "1GiB": 1 << 30, "256 MiB": 256 << 20, "2k": 2048, "12b": 12} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1.5GiB", "9999999999999TiB", "1 parsec"} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
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
