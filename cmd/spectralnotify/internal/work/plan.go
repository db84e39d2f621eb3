// Package work makes up jobs that look like real ones: phases, uneven speed,
// totals that turn out larger, failures and cancellations.
//
// A Plan is made from a source of chance and nothing else: the same seed makes
// the same plans. The package starts nothing and knows no clock.
package work

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Plan is what one job will report.
type Plan struct {
	ID       string
	Type     string
	Tags     []string
	Metadata map[string]any
	Steps    []Step // in order; the last one, and only it, ends the job
}

// Duration is how long the whole job takes.
func (p Plan) Duration() time.Duration {
	var sum time.Duration
	for _, s := range p.Steps {
		sum += s.After
	}
	return sum
}

// Verb is what a step does.
type Verb int

const (
	Progress Verb = iota + 1 // Percent and Text
	Log                      // Text
	Trouble                  // Text: an error that does not end the job
	Complete                 // Result
	Fail                     // Text and Result
	Cancel                   // Result
)

// A Step is one report of a job.
type Step struct {
	After    time.Duration // since the step before
	Verb     Verb
	Percent  int
	Text     string
	Metadata map[string]any // the result, for the last step
}

// The shortest and the longest job.
const (
	Shortest = 8 * time.Second
	Longest  = 60 * time.Second
)

// A Planner makes plans, no two with the same id. It is not safe for concurrent
// use.
type Planner struct {
	chance *rand.Rand
	last   string // type of the plan before
	n      int
}

// NewPlanner returns a planner; equal seeds make equal plans.
func NewPlanner(seed uint64) *Planner {
	return &Planner{chance: rand.New(rand.NewPCG(seed, 0x5eed))}
}

// Next makes a plan, of another type than the one before.
func (p *Planner) Next() Plan {
	trade := p.trade()
	p.last = trade.name
	p.n++
	job := trade.job(p.chance)
	plan := Plan{
		ID:       fmt.Sprintf("%s-%s", trade.name, code(p.chance, p.n)),
		Type:     trade.name,
		Tags:     append([]string{"demo"}, job.tags...),
		Metadata: job.about,
	}
	plan.Steps = schedule(p.chance, job, p.length())
	return plan
}

func (p *Planner) trade() trade {
	for {
		if t := trades[p.chance.IntN(len(trades))]; t.name != p.last {
			return t
		}
	}
}

// length is how long a job takes: more often short than long.
func (p *Planner) length() time.Duration {
	share := p.chance.Float64()
	return Shortest + time.Duration(share*share*float64(Longest-Shortest))
}

// code is a short name that no other plan of the planner has.
func code(r *rand.Rand, n int) string {
	const letters = "bcdfghjkmnpqrstvwxz"
	text := make([]byte, 3)
	for i := range text {
		text[i] = letters[r.IntN(len(letters))]
	}
	return fmt.Sprintf("%s%d", text, n)
}
