package singleconnection

// Channels returns the number of channels that the mover moves.
func (m *Mover) Channels() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.channels)
}
