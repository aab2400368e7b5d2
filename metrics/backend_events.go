package metrics

import "github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"

// The events of a backend come from all its subchannels. With many channels these are
// many, so a condition that lasts, such as attempts to connect that fail, is told once.

// tellConnected is called when a subchannel has connected.
func (b *backendRecord) tellConnected() []happening {
	if r := b.ifRare.Load(); r != nil {
		r.toldFailing.Store(false)
	}
	return []happening{{kind: livestatus.Connected, backend: b}}
}

// tellLost is called when a subchannel has lost its connection.
func (b *backendRecord) tellLost(err error) []happening {
	b.rare().toldUnusable.Store(false)
	return []happening{{kind: livestatus.Lost, backend: b, err: err}}
}

// tellFailed is called when a connection attempt has failed. Nothing is told if the
// attempt before failed, too.
func (b *backendRecord) tellFailed(err error) []happening {
	if b.rare().toldFailing.Swap(true) {
		return nil
	}
	return []happening{{kind: livestatus.ConnectFailed, backend: b, err: err}}
}

// judge keeps the verdict. Nothing is told if the backend was unusable already.
func (b *backendRecord) judge(v *verdict) []happening {
	r := b.rare()
	r.lastVerdict.Store(v)
	if r.toldUnusable.Swap(true) {
		return nil
	}
	return []happening{{kind: livestatus.Unusable, backend: b, detail: v.why.String(), err: v.err}}
}

// tellUsable is called when a subchannel has become usable. Something is told only if
// the backend was unusable before and no other subchannel still is.
func (b *backendRecord) tellUsable() []happening {
	r := b.readRare()
	if !r.toldUnusable.Load() || b.unusable.judged() > 0 || !r.toldUnusable.Swap(false) {
		return nil
	}
	return []happening{{kind: livestatus.Usable, backend: b}}
}

// forgetLocked is called when a backend that had no SubConns gets one again. It ends
// the conditions from before. records.mu is held.
func (b *backendRecord) forgetLocked() {
	b.uptime.reset()
	if r := b.ifRare.Load(); r != nil {
		r.toldFailing.Store(false)
		r.toldUnusable.Store(false)
	}
}
