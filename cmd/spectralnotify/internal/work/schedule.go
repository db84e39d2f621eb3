package work

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// A job is what a trade says of one piece of work.
type job struct {
	tags   []string
	about  map[string]any
	phases []phase
	errors []string       // what it may fail of
	result map[string]any // of a success
	regrow bool           // the total may turn out larger on the way
}

// A phase is a stretch of work of one sort.
type phase struct {
	name  string
	share float64 // of the whole job
	unit  string  // what is counted, such as "frames"; empty for nothing
	total int     // how many of them
	pace  pace
}

// pace is how a phase's speed changes while it runs.
type pace int

const (
	even    pace = iota
	slowing      // quick at first: caches are warm
	rising       // slow at first: connections are being opened
	jerky        // stops and goes
)

// fate is how a job ends, and how far it gets.
type fate struct {
	verb Verb
	at   float64 // share of the work done by then
}

func drawFate(r *rand.Rand, j job) fate {
	switch chance := r.Float64(); {
	case chance < 0.14 && len(j.errors) > 0:
		return fate{Fail, 0.1 + 0.85*r.Float64()}
	case chance < 0.22:
		return fate{Cancel, 0.1 + 0.8*r.Float64()}
	}
	return fate{Complete, 1}
}

// schedule lays out the steps of a job that takes a given time.
func schedule(r *rand.Rand, j job, length time.Duration) []Step {
	end := drawFate(r, j)
	s := &scheduler{chance: r, job: j, end: end}
	s.add(Step{Verb: Progress, Text: j.phases[0].name})
	times := weights(r, j.phases)
	whole := time.Duration(float64(length) / end.at) // had it gone to the end
	before := 0.0
	for i, p := range j.phases {
		if !s.phase(p, before, time.Duration(times[i]*float64(whole))) {
			break
		}
		before += p.share
	}
	s.finish()
	stretch(s.steps, length)
	return s.steps
}

// stretch makes the steps take a given time.
func stretch(steps []Step, length time.Duration) {
	var sum time.Duration
	for _, step := range steps {
		sum += step.After
	}
	factor := float64(length) / float64(sum)
	for i := range steps {
		steps[i].After = time.Duration(factor * float64(steps[i].After))
	}
}

// weights shares the time among phases: more or less as the work, never quite.
func weights(r *rand.Rand, phases []phase) []float64 {
	sum := 0.0
	out := make([]float64, len(phases))
	for i, p := range phases {
		out[i] = p.share * (0.6 + 0.8*r.Float64())
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// A scheduler collects the steps of one job.
type scheduler struct {
	chance *rand.Rand
	job    job
	end    fate
	steps  []Step
	wait   time.Duration // since the last step
	top    int           // the progress reported last
	grown  int           // by how many percent the totals grew
}

func (s *scheduler) add(step Step) {
	step.After += s.wait
	s.wait = 0
	s.steps = append(s.steps, step)
}

// phase lays out one phase, and is false if the job ends in it. before is the
// share of the work done when it begins.
func (s *scheduler) phase(p phase, before float64, took time.Duration) bool {
	n := max(2, int(took/s.beat()))
	marks := timing(s.chance, p.pace, n)
	for i, mark := range marks {
		done := float64(i+1) / float64(n)
		s.wait += time.Duration(mark * float64(took))
		if before+p.share*done > s.end.at {
			return false
		}
		s.report(p, before, done)
		s.mishap()
	}
	return true
}

// beat is the time between two reports: some jobs talk more than others.
func (s *scheduler) beat() time.Duration {
	return time.Duration(350+s.chance.IntN(900)) * time.Millisecond
}

// report adds a report of progress; never 100, which is for the end.
func (s *scheduler) report(p phase, before, done float64) {
	percent := min(99, int(math.Round(100*(before+p.share*done))))
	text := p.name
	if p.unit != "" {
		total := p.total + p.total*s.grown/100
		text = fmt.Sprintf("%s %d of %d %s", p.name, int(done*float64(total)), total, p.unit)
	}
	if s.job.regrow && s.grown == 0 && percent > 30 && percent < 70 && s.chance.Float64() < 0.15 {
		more := 4 + s.chance.IntN(9)
		s.grown = 2 * more
		s.add(Step{Verb: Log, Text: fmt.Sprintf("Found more to do: the total grows by %d%%", s.grown)})
		s.add(Step{Verb: Progress, Percent: percent - more, Text: text})
		s.top = percent - more
		return
	}
	s.top = max(s.top, percent)
	s.add(Step{Verb: Progress, Percent: s.top, Text: text})
}

// mishap adds, now and then, trouble that does not end the job.
func (s *scheduler) mishap() {
	if len(s.job.errors) == 0 || s.chance.Float64() > 0.03 {
		return
	}
	text := s.job.errors[s.chance.IntN(len(s.job.errors))]
	s.add(Step{Verb: Trouble, Text: text + "; trying again"})
	s.wait += time.Duration(400+s.chance.IntN(1200)) * time.Millisecond
}

// finish adds the end.
func (s *scheduler) finish() {
	step := Step{Verb: s.end.verb, Metadata: s.job.result}
	switch s.end.verb {
	case Fail:
		step.Text = s.job.errors[s.chance.IntN(len(s.job.errors))]
		step.Metadata = map[string]any{"attempts": 1 + s.chance.IntN(4)}
	case Cancel:
		step.Metadata = map[string]any{"reason": pick(s.chance, "replaced by a newer job", "asked for by the owner", "budget used up")}
	}
	s.add(step)
}

// timing shares the time of a phase among n reports; the shares sum to 1.
func timing(r *rand.Rand, p pace, n int) []float64 {
	out := make([]float64, n)
	sum := 0.0
	for i := range out {
		x := float64(i) / float64(n)
		w := 0.7 + 0.6*r.Float64()
		switch p {
		case slowing:
			w *= 0.4 + 1.6*x
		case rising:
			w *= 2 - 1.6*x
		case jerky:
			if r.Float64() < 0.15 {
				w *= 5
			}
		}
		out[i] = w
		sum += w
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// some returns n of the words, in their order.
func some(r *rand.Rand, n int, from ...string) []string {
	places := r.Perm(len(from))[:n]
	slices.Sort(places)
	var out []string
	for _, i := range places {
		out = append(out, from[i])
	}
	return out
}
