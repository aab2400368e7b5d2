package scenario

import (
	"errors"
	"fmt"
	"net"
)

// maxRate is more than one sender after another can reach.
const maxRate = 10_000

// check refuses values that mean nothing, and flags that contradict each other.
func (f *flags) check() error {
	rules := []struct {
		broken  bool
		message string
	}{
		{f.given["certs"] && f.certs == "", "-certs is empty: give a directory, or leave the flag out for the embedded certificates"},
		{f.given["ca"] && f.ca == "", "-ca is empty: give a file, or leave the flag out for the embedded CA"},
		{f.given["ca"] && f.given["certs"], "-ca with -certs: both name a CA; leave one out"},
		{f.plaintext && f.given["certs"], "-plaintext with -certs: there are no certificates without TLS; leave one out"},
		{f.plaintext && f.given["ca"], "-plaintext with -ca: there are no certificates without TLS; leave one out"},
		{f.plaintext && f.given["server-name"], "-plaintext with -server-name: no name is proved without TLS; leave one out"},
		{f.given["backends-file"] && f.backendsFile == "", "-backends-file is empty: give a file, or leave the flag out for -backends"},
		{f.given["backends-file"] && f.given["backends"], "-backends-file with -backends: both name the servers; leave one out"},
		{!f.keep && f.given["rate"], "-rate without -keep: it is for the RPCs that -keep goes on sending; add -keep"},
		{!f.keep && f.given["metrics-addr"], "-metrics-addr without -keep: /metrics is served with -keep only; add it"},
		{!f.keep && f.given["retention"], "-retention without -keep: it is for /metrics, which is served with -keep only; add it"},
		{!f.keep && f.given["linger"], "-linger without -keep: /metrics is served with -keep only; add it"},
		{f.retention < 0, fmt.Sprintf("-retention %v: give a time that is not negative, for example 10s", f.retention)},
		{f.linger < 0, fmt.Sprintf("-linger %v: give a time that is not negative, for example 30s", f.linger)},
		{f.given["n"] && f.n < 1, fmt.Sprintf("-n %d: give at least one RPC", f.n)},
		{f.given["timeout"] && f.timeout <= 0, fmt.Sprintf("-timeout %v: give a time above zero, for example 1s", f.timeout)},
		{f.given["rate"] && !(f.rate > 0 && f.rate <= maxRate), fmt.Sprintf("-rate %v: give a number above 0 and up to %d", f.rate, maxRate)},
		{f.given["server-name"] && f.serverName != nameOfAddress && f.serverName != nameOfChannel,
			fmt.Sprintf("-server-name %q: give %s or %s", f.serverName, nameOfAddress, nameOfChannel)},
	}
	for _, rule := range rules {
		if rule.broken {
			return usageError{errors.New(rule.message)}
		}
	}
	if f.given["metrics-addr"] {
		if _, _, err := net.SplitHostPort(f.metricsAddr); err != nil {
			return usageError{fmt.Errorf("-metrics-addr: %w; give HOST:PORT", err)}
		}
	}
	return nil
}
