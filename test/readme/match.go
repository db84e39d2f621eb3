package readme

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ellipsis stands for whatever is there.
const ellipsis = "…"

// Match compares lines of JSON with a pattern of such lines, and says what
// differs.
func Match(pattern, got string) error {
	want := lines(pattern)
	have := lines(got)
	for i, p := range want {
		if p == ellipsis {
			rest := want[i+1:]
			if len(have) < len(rest) {
				return fmt.Errorf("%d lines are missing in %q", len(rest)-len(have), got)
			}
			have = have[len(have)-len(rest):]
			continue
		}
		if len(have) == 0 {
			return fmt.Errorf("nothing is there where %s belongs", p)
		}
		if err := matchLine(p, have[0]); err != nil {
			return fmt.Errorf("%w in %s", err, have[0])
		}
		have = have[1:]
	}
	if len(have) > 0 {
		return fmt.Errorf("%d more lines: %s", len(have), have[0])
	}
	return nil
}

func lines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

// marks turns ellipses into JSON that matchValue knows.
var marks = strings.NewReplacer(",…}", `,"…":0}`, "{…}", `{"…":0}`, ",…]", `,"…"]`, "[…]", `["…"]`, ":…", `:"…"`)

func matchLine(pattern, got string) error {
	var want, have any
	if err := json.Unmarshal([]byte(marks.Replace(pattern)), &want); err != nil {
		return fmt.Errorf("pattern %s: %w", pattern, err)
	}
	if err := json.Unmarshal([]byte(got), &have); err != nil {
		return fmt.Errorf("no JSON (%w)", err)
	}
	return matchValue("", want, have)
}

func matchValue(at string, want, have any) error {
	if want == ellipsis {
		return nil
	}
	switch want := want.(type) {
	case map[string]any:
		if have, ok := have.(map[string]any); ok {
			return matchObject(at, want, have)
		}
	case []any:
		if have, ok := have.([]any); ok {
			return matchArray(at, want, have)
		}
	default:
		if want == have {
			return nil
		}
	}
	return fmt.Errorf("%s is %v, not %v", at, have, want)
}

func matchObject(at string, want, have map[string]any) error {
	for key, w := range want {
		if key == ellipsis {
			continue
		}
		h, ok := have[key]
		if !ok {
			return fmt.Errorf("%s.%s is missing", at, key)
		}
		if err := matchValue(at+"."+key, w, h); err != nil {
			return err
		}
	}
	if _, open := want[ellipsis]; open {
		return nil
	}
	for key := range have {
		if _, ok := want[key]; !ok {
			return fmt.Errorf("%s.%s is not expected", at, key)
		}
	}
	return nil
}

func matchArray(at string, want, have []any) error {
	open := len(want) > 0 && want[len(want)-1] == ellipsis
	if open {
		want = want[:len(want)-1]
	}
	if len(have) < len(want) || !open && len(have) > len(want) {
		return fmt.Errorf("%s has %d elements, not %d", at, len(have), len(want))
	}
	for i, w := range want {
		if err := matchValue(fmt.Sprintf("%s[%d]", at, i), w, have[i]); err != nil {
			return err
		}
	}
	return nil
}
