package scenario

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsPage is the HTTP server behind -metrics-addr.
type metricsPage struct {
	metricsURL string
	liveURL    string
	server     *http.Server
	served     chan struct{} // closed when the server has ended
}

// serveMetrics serves /metrics and the live page on addr until the page is
// closed. Both show the servers' addresses and names, the live page their errors
// too, to whoever can connect: by default that is this machine.
func serveMetrics(addr string, m meter) (*metricsPage, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w; stop what has the port, or give another with -metrics-addr (port 0: any free one)", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.handler())
	mux.Handle("GET /debug/lb", m.metrics.Handler())
	url := "http://" + reachable(listener.Addr().String())
	page := &metricsPage{
		metricsURL: url + "/metrics",
		liveURL:    url + "/debug/lb",
		server:     &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second},
		served:     make(chan struct{}),
	}
	go func() {
		defer close(page.served)
		_ = page.server.Serve(listener) // ends with ErrServerClosed
	}()
	return page, nil
}

// handler returns /metrics. It speaks OpenMetrics where it is asked to: the
// older text format has no exemplars.
func (m meter) handler() http.Handler {
	return promhttp.InstrumentMetricHandler(m.registerer,
		promhttp.HandlerFor(m.gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
}

// close ends the server and all its connections.
func (p *metricsPage) close() {
	p.server.Close()
	<-p.served
}

// reachable returns an address that one can connect to, for one to listen on.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
