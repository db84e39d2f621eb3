package mutant

const (
	object = "./internal/object"
	watch  = "./internal/watch"
)

var mutants = []mutant{
	{
		name: "a follower that falls behind is given the oldest message that is left",
		file: "internal/watch/topic.go",
		old:  "if i := len(t.tail) - int(t.last-sequence); i >= 0 && len(t.tail) > 0 {",
		new:  "if i := max(0, len(t.tail)-int(t.last-sequence)); len(t.tail) > 0 {",
		pkg:  watch, test: "TestNoFollowerMissesAnything|TestAfter",
	},
}
