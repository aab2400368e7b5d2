package fleet

import "github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"

// Traffic is what RPC attempts did in the window, at all clients together.
type Traffic struct {
	Known  bool    // a client had samples
	RPS    float64 // RPC attempts per second
	Errors float64 // of these, those that failed
	ended  float64 // RPC attempts that ended per second

	// P99 is the highest of the clients' own, in seconds; 0 if none measures
	// latency. There is no way to compute one for all from theirs.
	P99 float64
	// Mean is the estimate where none measures latency, in seconds; 0 if there is
	// none. It is that of all clients, by their rates.
	Mean   float64
	weight float64 // of Mean: the rate of those that have an estimate
}

// ErrorRatio returns the share of RPC attempts that failed, of those that ended. It
// is not known if none ended.
func (t *Traffic) ErrorRatio() (ratio float64, known bool) {
	if t.ended <= 0 {
		return 0, false
	}
	return min(t.Errors/t.ended, 1), true
}

// add adds what one client measured. It ignores nil.
func (t *Traffic) add(w *fetch.Window) {
	if w == nil {
		return
	}
	t.Known = true
	t.RPS += w.RPS
	t.Errors += w.ErrorsPerSecond
	switch {
	case w.SuccessRate == nil:
	case *w.SuccessRate < 1:
		t.ended += w.ErrorsPerSecond / (1 - *w.SuccessRate)
	default:
		t.ended += w.RPS
	}
	switch l := w.Latency; {
	case l == nil:
	case l.Estimated:
		if t.weight+w.RPS > 0 {
			t.Mean = (t.Mean*t.weight + l.Mean*w.RPS) / (t.weight + w.RPS)
			t.weight += w.RPS
		}
	case l.Count > 0:
		t.P99 = max(t.P99, l.P99)
	}
}
