package main

import (
	"fmt"
	"time"
)

func printHeader() {
	fmt.Printf("%-10s %9s %8s %8s %12s %8s %9s %11s %14s %14s %16s\n",
		"row", "calls/s", "p50 ms", "p99 ms", "lifecycles/s", "cpu us", "calls per", "written", "ledger MiB", "not home", "task files")
	fmt.Printf("%-10s %9s %8s %8s %12s %8s %9s %11s %14s %14s %16s\n",
		"", "", "", "", "", "per call", "fsync", "B per call", "half, end", "events, ms", "number, MiB")
}

func printRow(r row, res result) {
	calls := float64(len(res.times))
	seconds := res.took.Seconds()
	lifecycles, perSync := "-", "-"
	if res.lifecycles > 0 {
		lifecycles = fmt.Sprintf("%.0f", float64(res.lifecycles)/seconds)
	}
	if res.traced.syncs > 0 {
		perSync = fmt.Sprintf("%.1f", float64(res.traced.calls)/float64(res.traced.syncs))
	}
	fmt.Printf("%-10s %9.0f %8.2f %8.2f %12s %8.0f %9s %11.0f %14s %14s %16s\n",
		r.name, calls/seconds, ms(percentile(res.times, 50)), ms(percentile(res.times, 99)), lifecycles,
		float64(res.cpu.Microseconds())/calls, perSync, float64(res.written)/calls,
		fmt.Sprintf("%.1f, %.1f", mib(res.half.ledger), mib(res.end.ledger)),
		fmt.Sprintf("%d, %d", res.left.events, res.left.took.Milliseconds()),
		fmt.Sprintf("%d, %.1f", res.end.files, mib(res.end.home)))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func mib(n int64) float64 { return float64(n) / (1 << 20) }
