package work

import (
	"fmt"
	"math/rand/v2"
)

// A trade is a kind of work.
type trade struct {
	name string
	job  func(*rand.Rand) job
}

var trades = []trade{
	{"render", render},
	{"transcribe", transcribe},
	{"import", importRows},
	{"backup", backup},
	{"train", train},
	{"reindex", reindex},
	{"invoice", invoice},
}

func render(r *rand.Rand) job {
	frames := 240 * (2 + r.IntN(30))
	height := []int{720, 1080, 1440, 2160}[r.IntN(4)]
	codec := pick(r, "av1", "h264", "h265", "vp9")
	return job{
		tags:  []string{"video", codec},
		about: map[string]any{"file": pick(r, "harbour", "wedding", "launch", "aurora", "interview") + ".mov", "height": height, "frames": frames},
		phases: []phase{
			{name: "Reading the source", share: 0.08, pace: rising},
			{name: "Encoding", share: 0.77, unit: "frames", total: frames, pace: jerky},
			{name: "Mixing sound", share: 0.1, pace: even},
			{name: "Writing the container", share: 0.05, pace: slowing},
		},
		errors: []string{"the encoder ran out of memory", "frame is damaged in the source", "no space left on the scratch disk"},
		result: map[string]any{"megabytes": frames * height / 4000, "codec": codec},
	}
}

func transcribe(r *rand.Rand) job {
	minutes := 3 + r.IntN(90)
	language := pick(r, "English", "German", "Japanese", "Portuguese", "Swahili")
	return job{
		tags:  []string{"audio"},
		about: map[string]any{"language": language, "minutes": minutes, "speakers": 1 + r.IntN(6)},
		phases: []phase{
			{name: "Finding speech", share: 0.15, pace: even},
			{name: "Transcribing", share: 0.65, unit: "minutes of " + language, total: minutes, pace: jerky},
			{name: "Telling speakers apart", share: 0.15, pace: slowing},
			{name: "Punctuating", share: 0.05, pace: even},
		},
		errors: []string{"the model worker was lost", "the recording ends unexpectedly"},
		result: map[string]any{"words": minutes * (110 + r.IntN(50))},
	}
}

func importRows(r *rand.Rand) job {
	rows := 1000 * (5 + r.IntN(900))
	return job{
		tags:   some(r, 1+r.IntN(2), "customers", "nightly", "orders"),
		about:  map[string]any{"source": pick(r, "orders.csv", "crm-export.json", "ledger.parquet"), "rows": rows},
		regrow: true,
		phases: []phase{
			{name: "Downloading", share: 0.2, pace: rising},
			{name: "Checking", share: 0.15, unit: "rows", total: rows, pace: even},
			{name: "Importing", share: 0.6, unit: "rows", total: rows, pace: slowing},
			{name: "Building indexes", share: 0.05, pace: even},
		},
		errors: []string{"row has a date before 1900", "the source closed the connection", "duplicate key in column email"},
		result: map[string]any{"rows": rows - r.IntN(20), "skipped": r.IntN(20)},
	}
}

func backup(r *rand.Rand) job {
	gigabytes := 4 + r.IntN(200)
	return job{
		tags:   []string{pick(r, "full", "incremental")},
		about:  map[string]any{"volume": fmt.Sprintf("vol-%02d", r.IntN(40)), "gigabytes": gigabytes},
		regrow: true,
		phases: []phase{
			{name: "Taking a snapshot", share: 0.05, pace: even},
			{name: "Copying", share: 0.75, unit: "GB", total: gigabytes, pace: jerky},
			{name: "Verifying", share: 0.2, unit: "GB", total: gigabytes, pace: even},
		},
		errors: []string{"the bucket refuses writes", "a checksum does not match"},
		result: map[string]any{"gigabytes": gigabytes, "chunks": gigabytes * 16},
	}
}

func train(r *rand.Rand) job {
	epochs := 5 + r.IntN(20)
	return job{
		tags:  []string{"gpu", pick(r, "vision", "speech", "ranking")},
		about: map[string]any{"model": pick(r, "sparrow-s", "sparrow-m", "heron-1"), "epochs": epochs, "learning_rate": 0.0001 * float64(1+r.IntN(20))},
		phases: []phase{
			{name: "Loading data", share: 0.12, pace: rising},
			{name: "Training", share: 0.78, unit: "epochs", total: epochs, pace: even},
			{name: "Evaluating", share: 0.1, pace: even},
		},
		errors: []string{"the loss is not a number", "the GPU was taken back"},
		result: map[string]any{"accuracy": float64(810+r.IntN(180)) / 1000},
	}
}

func reindex(r *rand.Rand) job {
	documents := 100 * (20 + r.IntN(4000))
	return job{
		tags:   []string{"search"},
		about:  map[string]any{"index": pick(r, "articles", "products", "tickets"), "documents": documents},
		regrow: true,
		phases: []phase{
			{name: "Indexing", share: 0.85, unit: "documents", total: documents, pace: slowing},
			{name: "Merging segments", share: 0.15, pace: jerky},
		},
		result: map[string]any{"documents": documents, "segments": 1 + r.IntN(12)},
	}
}

func invoice(r *rand.Rand) job {
	invoices := 40 + r.IntN(2000)
	return job{
		tags:  []string{"billing", "monthly"},
		about: map[string]any{"month": fmt.Sprintf("2026-%02d", 1+r.IntN(12)), "invoices": invoices},
		phases: []phase{
			{name: "Collecting usage", share: 0.3, pace: rising},
			{name: "Writing", share: 0.5, unit: "invoices", total: invoices, pace: even},
			{name: "Sending", share: 0.2, unit: "invoices", total: invoices, pace: jerky},
		},
		errors: []string{"a customer has no address", "the mail server is busy"},
		result: map[string]any{"sent": invoices},
	}
}
