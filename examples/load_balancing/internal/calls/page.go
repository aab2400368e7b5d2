package calls

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// page is the HTTP server behind -metrics-addr.
type page struct {
	metricsURL string
	liveURL    string
	server     *http.Server
	served     chan struct{} // closed when the server has ended
}

// servePage serves /metrics and the live page on addr until the page is closed.
// Anyone who can connect sees the servers' addresses and, on the live page, their
// errors. By default only this machine can connect.
func servePage(addr string, m meter) (*page, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w; stop what has the port, or give another with -metrics-addr (port 0: any free one)", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.handler())
	mux.Handle("GET /debug/lb", m.metrics.Handler())
	url := "http://" + reachable(listener.Addr().String())
	p := &page{
		metricsURL: url + "/metrics",
		liveURL:    url + "/debug/lb",
		server:     &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second},
		served:     make(chan struct{}),
	}
	go func() {
		defer close(p.served)
		_ = p.server.Serve(listener) // ends with ErrServerClosed
	}()
	return p, nil
}

// handler returns the handler of /metrics. It supports OpenMetrics, because the
// older text format has no exemplars.
func (m meter) handler() http.Handler {
	return promhttp.InstrumentMetricHandler(m.registerer,
		promhttp.HandlerFor(m.gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
}

// close ends the server and all its connections.
func (p *page) close() {
	p.server.Close()
	<-p.served
}

// reachable returns an address to connect to, for the address of a listener.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
