package main

import "context"

const (
	heapRow  = "heap"
	heapWhat = "Go heap of a live task, in this process"
)

func heap(context.Context, options) error { return nil }
