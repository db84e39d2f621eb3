package resume

// Trust makes a watch that does not check what the server sends.
func Trust[M Message](w *Watch[M]) { w.trusting = true }
