// Package backend parses the list of servers for this example's programs. The list is
// NAME=HOST:PORT,NAME=HOST:PORT, or a file with one server per line.
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
	Name string // DNS name in its certificate
	Addr string // HOST:PORT that it listens on
}

// String returns the backend in the form that [Parse] reads.
func (b Backend) String() string { return b.Name + "=" + b.Addr }

// Port returns the port of the address. "0" means any free port.
func (b Backend) Port() string {
	return b.Addr[strings.LastIndexByte(b.Addr, ':')+1:]
}

// Format returns the list in the form that [Parse] reads.
func Format(backends []Backend) string {
	entries := make([]string, len(backends))
	for i, b := range backends {
		entries[i] = b.String()
	}
	return strings.Join(entries, ",")
}

// Parse parses a list of at least one backend. Two backends must not have the same
// address, unless their port is 0. They may have the same name and certificate.
func Parse(list string) ([]Backend, error) {
	return parse(strings.SplitSeq(list, ","), "with commas between")
}

// parse parses the entries. separation says, for errors, how they are separated.
func parse(entries iter.Seq[string], separation string) ([]Backend, error) {
	var backends []Backend
	taken := make(map[string]bool)
	for entry := range entries {
		b, err := parseEntry(strings.TrimSpace(entry))
		if err != nil {
			return nil, fmt.Errorf("backend %q: %w; want NAME=HOST:PORT, %s", entry, err, separation)
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

// checkName accepts only characters of DNS names, because the name becomes part of
// a file name.
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
