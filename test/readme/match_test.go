package readme

import "testing"

func TestMatch(t *testing.T) {
	for name, tt := range map[string]struct {
		pattern, got string
		same         bool
	}{
		"the same":                      {`{"a":1}`, `{"a": 1}`, true},
		"another value":                 {`{"a":1}`, `{"a":2}`, false},
		"any value":                     {`{"a":…}`, `{"a":[2]}`, true},
		"any value must be there":       {`{"a":…}`, `{}`, false},
		"a further field":               {`{"a":1}`, `{"a":1,"b":2}`, false},
		"further fields are told":       {`{"a":1,…}`, `{"a":1,"b":2}`, true},
		"a missing field":               {`{"a":1,"b":2,…}`, `{"a":1}`, false},
		"a further element":             {`[1]`, `[1,2]`, false},
		"further elements are told":     {`[1,…]`, `[1,2]`, true},
		"deep inside":                   {`{"a":[{"b":1,…}]}`, `{"a":[{"b":2,"c":3}]}`, false},
		"any lines between":             {"{\"a\":1}\n…\n{\"a\":2}", "{\"a\":1}\n{}\n{}\n{\"a\":2}\n", true},
		"the last line after any":       {"{\"a\":1}\n…\n{\"a\":2}", "{\"a\":1}\n{\"a\":3}\n", false},
		"a missing line":                {"{}\n{}", "{}\n", false},
		"one line more":                 {"{}", "{}\n{}\n", false},
		"what is no JSON":               {`{}`, `oops`, false},
		"nothing where something is to": {`{}`, ``, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Match(tt.pattern, tt.got); (err == nil) != tt.same {
				t.Errorf("Match(%s, %s) = %v", tt.pattern, tt.got, err)
			}
		})
	}
}

func TestBlocks(t *testing.T) {
	got := Blocks("a\n```sh\nls\n```\nb\n```\nx\ny\n```\n")
	want := []Block{{"sh", "ls\n", 2}, {"", "x\ny\n", 6}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("blocks %+v, want %+v", got, want)
	}
}
