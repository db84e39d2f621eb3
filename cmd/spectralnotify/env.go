package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

const envPrefix = "SPECTRALNOTIFY"

// Settings that are no flags: what is secret does not belong on a command line,
// where every user of the machine can read it.
const (
	envAPIKey       = envPrefix + "_API_KEY"
	envBootstrapKey = envPrefix + "_BOOTSTRAP_KEY"
)

// unbuilt are limits that this version does not have; 0, which means off, is
// therefore true of it.
var unbuilt = []string{envPrefix + "_RATE_PRINCIPAL", envPrefix + "_RATE_IP"}

// dropEmptyEnv makes variables of ours that are empty as good as not set, which
// is how compose files and service managers mean them.
func dropEmptyEnv() {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix+"_") && value == "" {
			_ = os.Unsetenv(name) // fails for no name that Environ returns
		}
	}
}

// warnUnknownEnv says, one line each, which variables of ours mean nothing:
// most likely they are mistyped.
func warnUnknownEnv(w io.Writer, environ []string) {
	known := knownEnv()
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix+"_") || slices.Contains(known, name) {
			continue
		}
		if !slices.Contains(unbuilt, name) {
			fmt.Fprintf(w, "spectralnotify: warning: the environment variable %s means nothing to this version\n", name)
		} else if value != "0" && value != "" {
			fmt.Fprintf(w, "spectralnotify: warning: %s: rate limits are not built yet, only 0 (off)\n", name)
		}
	}
}

// knownEnv returns the variables that mean something, sorted.
func knownEnv() []string {
	names := []string{envAPIKey, envBootstrapKey}
	parser, _ := newParser(&console{out: io.Discard, err: io.Discard})
	walkFlags(parser.Model.Node, func(_ *kong.Node, f *kong.Flag) {
		names = append(names, f.Envs...)
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// walkFlags visits every flag of a command and of the commands below it.
func walkFlags(node *kong.Node, visit func(*kong.Node, *kong.Flag)) {
	for _, f := range node.Flags {
		visit(node, f)
	}
	for _, child := range node.Children {
		walkFlags(child, visit)
	}
}

// apiKeyFromEnv returns the caller's key, empty if there is none.
func apiKeyFromEnv() string { return os.Getenv(envAPIKey) }
