package object

// ownStack runs f in a goroutine of its own, and a panic of f in the caller's.
//
// What lies below reads databases and needs a deep stack for it. A stack that
// grew stays with its goroutine, and that of a follower lives for hours: read on
// its own one, a history cost a follower twice the memory for good.
func ownStack(f func()) {
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	if p := <-done; p != nil {
		panic(p)
	}
}
