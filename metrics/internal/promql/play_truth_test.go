package promql_test

import "time"

// truth is what has happened in the window before a scrape, whatever the metrics
// say of it. Backends are named as the metrics are to name them.
type truth struct {
	picks, failed values // per second
	ready, usable values // subchannels
}

// ledger is where a play writes down what happens.
type ledger struct {
	picks, failed []occurrence
}

type occurrence struct {
	at      time.Time
	backend string
}

// rates returns how often per second each backend occurs in the window up to now.
func rates(all []occurrence, now time.Time) values {
	v := make(values)
	for _, o := range all {
		if now.Sub(o.at) < window {
			v[o.backend] += 1 / window.Seconds()
		}
	}
	return v
}

// forget drops what is of no more use to rates.
func forget(all []occurrence, now time.Time) []occurrence {
	for len(all) > 0 && now.Sub(all[0].at) >= window {
		all = all[1:]
	}
	return all
}
