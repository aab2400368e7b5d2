package window

// Samples returns how many samples the log holds.
func (l *Log) Samples() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.samples)
}
