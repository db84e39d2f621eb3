// Bench measures the real binary as its callers meet it: Connect JSON over
// HTTP/1.1 keep-alive, client and server on one machine, a fresh data directory
// for each row, every call durable.
//
//	go run ./bench                     # all rows, 60 s each
//	go run ./bench -duration 10s hot16 # one row, a quick look
//
// A row fails, and the program exits 1, if a call fails or if anything that was
// acknowledged is not there afterwards.
package main
