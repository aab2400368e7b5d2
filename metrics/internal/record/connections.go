package record

import (
	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// The events of a backend come from all its subchannels. With many channels these are
// many, so a condition that lasts, such as attempts to connect that fail, is told once.

func (b *Backend) news(kind livestatus.EventKind, detail string, err error) []events.News {
	return []events.News{{Kind: kind, Backend: b.Name(), Detail: detail, Err: err}}
}

// CountConnected counts a connection that was made, and returns the news to tell.
func (b *Backend) CountConnected() []events.News {
	b.connected.Add(1)
	if r := b.ifRare.Load(); r != nil {
		r.toldFailing.Store(false)
	}
	return b.news(livestatus.Connected, "", nil)
}

// CountLost counts a connection that was lost, perhaps early, soon after it was made. It
// returns the news to tell.
func (b *Backend) CountLost(err error, early bool) []events.News {
	b.countDisconnection(early)
	b.rare().toldUnusable.Store(false)
	return b.news(livestatus.Lost, "", err)
}

// CountLostUnused counts a connection that was made and lost before the subchannel was
// READY, and returns the news to tell.
func (b *Backend) CountLostUnused(err error, early bool) []events.News {
	b.connected.Add(1)
	b.countDisconnection(early)
	return b.news(livestatus.Lost, "before it was used", err)
}

func (b *Backend) countDisconnection(early bool) {
	b.disconnections.Add(1)
	if early {
		b.lostEarly.Add(1)
	}
}

// CountConnectFailed counts an attempt to connect that failed, and returns the news to
// tell: none if the attempt before failed, too.
func (b *Backend) CountConnectFailed(err error, now clock.Instant) []events.News {
	b.couldNotConnect(now)
	if b.rare().toldFailing.Swap(true) {
		return nil
	}
	return b.news(livestatus.ConnectFailed, "", err)
}

// Judge keeps why a subchannel is not usable, and returns the news to tell: none if the
// backend was unusable already. The error may be nil.
func (b *Backend) Judge(why Usability, err error, now clock.Instant) []events.News {
	r := b.rare()
	r.lastVerdict.Store(&verdict{why: why, err: err, at: now})
	if r.toldUnusable.Swap(true) {
		return nil
	}
	return b.news(livestatus.Unusable, why.String(), err)
}

// BecameUsable is called when a subchannel has become usable. It returns the news to
// tell: none unless the backend was unusable before and no other subchannel still is.
func (b *Backend) BecameUsable() []events.News {
	r := b.readRare()
	if !r.toldUnusable.Load() || b.unusable.judged() > 0 || !r.toldUnusable.Swap(false) {
		return nil
	}
	return b.news(livestatus.Usable, "", nil)
}

// forgetLocked is called when a backend that had no SubConns gets one again. It ends
// the conditions from before. Store.mu is held.
func (b *Backend) forgetLocked() {
	b.uptime.reset()
	if r := b.ifRare.Load(); r != nil {
		r.toldFailing.Store(false)
		r.toldUnusable.Store(false)
	}
}
