// Package backend reads the list of servers that the programs of this example
// share: NAME=HOST:PORT,NAME=HOST:PORT, or a file with one on each line.
package backend

import (
	"errors"
	"fmt"
	"iter"
	"net"
	"strconv"
	"strings"
)

// Backend is one server.
type Backend struct {
	Name string // DNS name that its certificate is for
	Addr string // HOST:PORT that it listens on
}

// String returns the backend as [Parse] reads it.
func (b Backend) String() string { return b.Name + "=" + b.Addr }

// Port returns the part of the address behind the colon; "0" stands for any
// free port.
func (b Backend) Port() string {
	return b.Addr[strings.LastIndexByte(b.Addr, ':')+1:]
}

// Format returns the list as [Parse] reads it.
func Format(backends []Backend) string {
	entries := make([]string, len(backends))
	for i, b := range backends {
		entries[i] = b.String()
	}
	return strings.Join(entries, ",")
}

// Parse reads a list of at least one backend. No two may have the same address,
// unless the port is 0; two may share a name, and then a certificate.
func Parse(list string) ([]Backend, error) {
	return parse(strings.SplitSeq(list, ","), "with commas between")
}

// parse reads backends that are separated in the way that the error tells.
func parse(entries iter.Seq[string], separated string) ([]Backend, error) {
	var backends []Backend
	taken := make(map[string]bool)
	for entry := range entries {
		b, err := parseEntry(strings.TrimSpace(entry))
		if err != nil {
			return nil, fmt.Errorf("backend %q: %w; want NAME=HOST:PORT, %s", entry, err, separated)
		}
		if taken[b.Addr] && b.Port() != "0" {
			return nil, fmt.Errorf("backend %q: address %s is listed twice; give each backend its own port", entry, b.Addr)
		}
		taken[b.Addr] = true
		backends = append(backends, b)
	}
	return backends, nil
}

func parseEntry(entry string) (Backend, error) {
	name, addr, found := strings.Cut(entry, "=")
	if !found {
		return Backend{}, errors.New("no = between name and address")
	}
	if err := checkName(name); err != nil {
		return Backend{}, err
	}
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return Backend{}, err
	}
	if host == "" || strings.ContainsAny(host, " \t\r\n=[]") {
		return Backend{}, fmt.Errorf("host %q is none", host)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return Backend{}, fmt.Errorf("port %q is no number from 0 to 65535", portText)
	}
	return Backend{Name: name, Addr: net.JoinHostPort(host, strconv.FormatUint(port, 10))}, nil
}

// checkName accepts the characters of DNS names only, because the name becomes
// part of a file name too.
func checkName(name string) error {
	if name == "" {
		return errors.New("the name is empty")
	}
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		case r == '.', r == '-', r == '_':
		default:
			return fmt.Errorf("name %q: %q cannot be in a DNS name", name, r)
		}
	}
	return nil
}
