package cluster

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// maxTXT is the maximum length of a string in a TXT record, in bytes.
const maxTXT = 255

// nameserver is the DNS server of one headless service. It has an A record for each pod
// that is ready, and the TXT record in which gRPC looks for a service config. It only
// supports UDP, which is enough for dozens of pods.
type nameserver struct {
	addr   string
	name   string // of the service, with a trailing dot
	server *dns.Server
	served chan error

	mu    sync.Mutex
	pods  []net.IP
	txt   []string
	asked int
}

// startNameserver starts a server on a free port. The server is ready on return.
func startNameserver(service string, serviceConfig string) (*nameserver, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start DNS server: %w", err)
	}
	n := &nameserver{
		addr:   conn.LocalAddr().String(),
		name:   dns.Fqdn(service),
		txt:    grpcConfig(serviceConfig),
		served: make(chan error, 1),
	}
	started := make(chan struct{})
	n.server = &dns.Server{
		PacketConn:        conn,
		Handler:           n,
		NotifyStartedFunc: func() { close(started) },
	}
	go func() { n.served <- n.server.ActivateAndServe() }()
	select {
	case <-started:
		return n, nil
	case err := <-n.served:
		return nil, errors.Join(fmt.Errorf("start DNS server on %s: %w", n.addr, err), conn.Close())
	}
}

// grpcConfig returns the strings of the TXT record with the service config, or nil if
// there is no config. gRFC A2 defines the form: a list, from which the client uses the
// first entry that applies to it.
func grpcConfig(serviceConfig string) []string {
	if serviceConfig == "" {
		return nil
	}
	var txt []string
	for part := range slices.Chunk([]byte(fmt.Sprintf(`grpc_config=[{"serviceConfig":%s}]`, serviceConfig)), maxTXT) {
		txt = append(txt, string(part))
	}
	return txt
}

// publish replaces the addresses of the service. The records have a TTL of 0, so the
// next look-up gets the new addresses.
func (n *nameserver) publish(pods []net.IP) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pods = pods
}

// lookups returns how many times clients asked for the addresses of the service.
func (n *nameserver) lookups() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// ServeDNS implements [dns.Handler].
func (n *nameserver) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg)
	reply.SetReply(request)
	reply.Authoritative = true
	if len(request.Question) != 1 {
		reply.Rcode = dns.RcodeFormatError
	} else {
		n.answer(reply, request.Question[0])
	}
	// If the answer does not arrive, the client asks again.
	_ = w.WriteMsg(reply)
}

func (n *nameserver) answer(reply *dns.Msg, question dns.Question) {
	n.mu.Lock()
	defer n.mu.Unlock()
	header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET}
	switch dns.CanonicalName(question.Name) {
	case n.name:
		if question.Qtype != dns.TypeA {
			return // the name exists, but not such a record, for example AAAA
		}
		n.asked++
		for _, ip := range n.pods {
			reply.Answer = append(reply.Answer, &dns.A{Hdr: header, A: ip})
		}
	case "_grpc_config." + n.name:
		if question.Qtype == dns.TypeTXT && n.txt != nil {
			reply.Answer = append(reply.Answer, &dns.TXT{Hdr: header, Txt: n.txt})
		}
	default:
		reply.Rcode = dns.RcodeNameError
	}
}

// stop closes the port. It returns the error that ended the server, if any.
func (n *nameserver) stop() error {
	if err := n.server.Shutdown(); err != nil {
		return fmt.Errorf("stop DNS server: %w", err)
	}
	select {
	case err := <-n.served:
		if err != nil {
			return fmt.Errorf("serve DNS: %w", err)
		}
		return nil
	case <-time.After(5 * time.Second):
		return fmt.Errorf("stop DNS server on %s: still serving after 5s", n.addr)
	}
}
