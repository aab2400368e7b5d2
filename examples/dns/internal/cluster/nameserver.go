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

// maxTXT is how long one string of a TXT record can be.
const maxTXT = 255

// nameserver answers as a cluster's DNS does for one headless service: with an A
// record for each pod that is ready. It also has the TXT record in which gRPC
// looks for a service config. It speaks UDP only, which is enough for dozens of
// pods.
type nameserver struct {
	addr   string
	name   string // of the service, with the dot at its end
	server *dns.Server
	served chan error

	mu    sync.Mutex
	pods  []net.IP
	txt   []string
	asked int
}

// startNameserver serves on a free port. When it returns, it answers.
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

// grpcConfig returns the strings of a TXT record that selects the service
// config, none if there is no config. The form is that of gRFC A2: a list, of
// which the client takes the first entry that is meant for it.
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

// publish replaces the addresses of the service. Records have no time to live,
// so that who asks next gets them.
func (n *nameserver) publish(pods []net.IP) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pods = pods
}

// lookups returns how often the addresses of the service were asked for.
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
	// Whoever asked asks again if the answer does not arrive.
	_ = w.WriteMsg(reply)
}

func (n *nameserver) answer(reply *dns.Msg, question dns.Question) {
	n.mu.Lock()
	defer n.mu.Unlock()
	header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET}
	switch dns.CanonicalName(question.Name) {
	case n.name:
		if question.Qtype != dns.TypeA {
			return // it exists, but has no such record: no AAAA, for example
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

// stop closes the port. It returns what went wrong while serving.
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
