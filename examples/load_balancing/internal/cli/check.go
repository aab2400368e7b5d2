package cli

import (
	"errors"
	"fmt"
	"net"
)

// maxRate is more than one caller can reach, because it waits for each answer.
const maxRate = 10_000

// check refuses invalid values, and flags that contradict each other.
func (f *Flags) check() error {
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
		{f.given["backends-file"] && f.BackendsFile == "", "-backends-file is empty: give a file, or leave the flag out for -backends"},
		{f.given["backends-file"] && f.given["backends"], "-backends-file with -backends: both name the servers; leave one out"},
		{!f.Keep && f.given["rate"], "-rate without -keep: it is for the RPCs that -keep goes on sending; add -keep"},
		{!f.Keep && f.given["metrics-addr"], "-metrics-addr without -keep: /metrics is served with -keep only; add it"},
		{!f.Keep && f.given["retention"], "-retention without -keep: it is for /metrics, which is served with -keep only; add it"},
		{!f.Keep && f.given["linger"], "-linger without -keep: /metrics is served with -keep only; add it"},
		{f.Retention < 0, fmt.Sprintf("-retention %v: give a time that is not negative, for example 10s", f.Retention)},
		{f.Linger < 0, fmt.Sprintf("-linger %v: give a time that is not negative, for example 30s", f.Linger)},
		{f.given["n"] && f.N < 1, fmt.Sprintf("-n %d: give at least one RPC", f.N)},
		{f.given["timeout"] && f.Timeout <= 0, fmt.Sprintf("-timeout %v: give a time above zero, for example 1s", f.Timeout)},
		{f.given["rate"] && !(f.Rate > 0 && f.Rate <= maxRate), fmt.Sprintf("-rate %v: give a number above 0 and up to %d", f.Rate, maxRate)},
		{f.given["server-name"] && f.serverName != nameOfAddress && f.serverName != nameOfChannel,
			fmt.Sprintf("-server-name %q: give %s or %s", f.serverName, nameOfAddress, nameOfChannel)},
	}
	for _, rule := range rules {
		if rule.broken {
			return UsageError{errors.New(rule.message)}
		}
	}
	if f.given["metrics-addr"] {
		_, port, err := net.SplitHostPort(f.MetricsAddr)
		if err != nil {
			return UsageError{fmt.Errorf("-metrics-addr: %w; give HOST:PORT", err)}
		}
		if _, err := net.LookupPort("tcp", port); err != nil {
			return UsageError{fmt.Errorf("-metrics-addr: %q is not a port; give HOST:PORT with a port up to 65535", port)}
		}
	}
	return nil
}
