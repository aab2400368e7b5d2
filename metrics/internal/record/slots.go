package record

// slots gives the backends of a target small numbers, so that samples of them can be
// arrays. It is guarded by Store.mu.
type slots struct {
	free []uint32
	next uint32 // never given yet
}

func (s *slots) take() uint32 {
	if last := len(s.free) - 1; last >= 0 {
		slot := s.free[last]
		s.free = s.free[:last]
		return slot
	}
	s.next++
	return s.next - 1
}

// giveBack takes back the slot of a backend that is gone. It frees the memory when no
// slot is in use.
func (s *slots) giveBack(slot uint32) {
	s.free = append(s.free, slot)
	if len(s.free) == int(s.next) {
		*s = slots{}
	}
}
