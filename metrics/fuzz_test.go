package metrics_test

import (
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzEvents plays random events to two channels with the same target, and compares
// each scrape with a model of what the series mean. The first byte selects the
// options; each further pair of bytes is an event and its argument.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		"n0 s8 s@ p0 d2 x0",                                        // one RPC
		"n0 s8 s@ p0 h0 z. d2 z.",                                  // an RPC outlives its SubConn
		"n0 n1 c0 z. p0 p8 z. d1 d0 z.",                            // stale pickers of a closed policy
		"n0 s@ h0 z. n0 s@ h0 p0 p1 z. d0 z.",                      // a backend comes back; its old SubConn is picked
		"n0 n0 s8 s9 s@ sA s8 s0 c0 c1 z. n1 o0 n0 p2 d3",          // losses, closed channels, another life
		"p0 d0 s0 h0 c0 c0 o0 o0 z. c1 n1 p0",                      // nothing to act on
		"n0 sP r8 z. vP z. v8 z. v0 z. r0 z. v8 z.",                // health, until nobody watches it
		"n0 sP r8 z. s8 v8 z. sP v8 z. r8 r8 v8 z. h0 v8 z.",       // late health updates
		"n6 s8 sX z. sP z. sX z. s8 z. s0 z.",                      // health checks by gRPC
		"n0 sX s8 sX s8 z. sX s@ sP sX s8 s@ z. sP sX s8 sX sP z.", // losses during attempts
		"n0 n2 n4 n1 n3 n5 z. s\x08 s\x19 p0 p1 p2 p3 d0 d1 d2 z. h0 h1 c0 z. d0 z. c1 z.",
	} {
		for options := range byte(8) {
			f.Add(append([]byte{options}, script(seed)...))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		synctest.Test(t, func(t *testing.T) { playAll(t, data) })
	})
}

func playAll(t *testing.T, data []byte) {
	m := newModel(t, data[0])
	for rest := data[1:]; len(rest) >= 2; rest = rest[2:] {
		m.play(events[int(rest[0])%len(events)], int(rest[1]))
	}
	for i := range m.channels {
		m.close(i)
	}
	m.compare()
	for len(m.open) > 0 {
		m.done(0)
	}
	m.compare()
}

// script converts events from letters, which people can read, to numbers, which a
// fuzzer can mutate.
func script(seed string) []byte {
	var data []byte
	for event := range strings.FieldsSeq(seed) {
		data = append(data, byte(strings.IndexByte(events, event[0])), event[1])
	}
	return data
}
