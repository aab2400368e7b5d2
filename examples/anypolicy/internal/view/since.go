package view

// Since returns what has been counted after an earlier view; what is a state,
// such as READY, is the later one's.
func (p Policy) Since(earlier Policy) Policy {
	p.Delayed -= earlier.Delayed
	backends := make(map[string]*Backend, len(p.Backends))
	for addr, b := range p.Backends {
		if before := earlier.Backends[addr]; before != nil {
			b = b.since(before)
		}
		backends[addr] = b
	}
	p.Backends = backends
	return p
}

func (b *Backend) since(before *Backend) *Backend {
	later := *b
	later.Picks -= before.Picks
	later.Repicks -= before.Repicks
	later.Disconnections -= before.Disconnections
	later.Timed -= before.Timed
	later.Seconds -= before.Seconds
	later.Codes = make(map[string]int, len(b.Codes))
	for code, n := range b.Codes {
		later.Codes[code] = n - before.Codes[code]
	}
	return &later
}
