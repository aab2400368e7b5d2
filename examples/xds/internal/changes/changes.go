// Package changes runs a client under load while its control plane changes the
// endpoints, restarts, and configures outlier detection.
package changes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/xds"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2, which xDS finds by name
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/controlplane"
)

// Policy is the policy that the control plane selects.
const Policy = "round_robin2"

// EjectionTime is how long an endpoint stays ejected. It is long enough to be
// visible on a busy machine.
const EjectionTime = 10 * time.Second

const (
	workers    = 4
	interval   = 10 * time.Millisecond // between the RPCs of a worker
	rpcTimeout = 5 * time.Second
)

// service returns the control plane's description of the service.
func service(name string) controlplane.Service {
	return controlplane.Service{
		Name:         name,
		Policy:       Policy,
		PolicyConfig: map[string]any{"balancer2Metrics": map[string]any{"latency": true}},
		OutlierDetection: controlplane.OutlierDetection{
			Interval:      500 * time.Millisecond,
			EjectionTime:  EjectionTime,
			MinimumHosts:  3,
			RequestVolume: 3,
		},
	}
}

// demo is one run of the example.
type demo struct {
	out      io.Writer
	target   string
	service  controlplane.Service
	plane    *controlplane.Server
	refused  error // by the client, of what earlier control planes sent
	backends []*backend.Backend
	listed   map[*backend.Backend]bool // by the control plane
	conn     *grpc.ClientConn
	load     *load.Load
	tally    load.Tally
	report   Report
}

// Run runs the example for xds:///NAME and prints what happens. Each run needs its
// own name, because the default registry keeps the series of earlier runs. The
// error says what went wrong.
func Run(ctx context.Context, name string, out io.Writer) (report Report, err error) {
	d := &demo{out: out, target: "xds:///" + name, service: service(name), listed: make(map[*backend.Backend]bool)}
	defer d.stop()
	if err := d.start(ctx); err != nil {
		return Report{}, err
	}
	err = d.runSteps(ctx)
	return d.report, errors.Join(err, d.refused, d.plane.Refused())
}

func (d *demo) start(ctx context.Context) error {
	addrs, err := ports.Free(1)
	if err != nil {
		return err
	}
	if d.plane, err = controlplane.Start(addrs[0], d.service); err != nil {
		return err
	}
	for _, b := range []struct{ name, zone string }{{"b1", "zone-a"}, {"b2", "zone-a"}, {"b3", "zone-b"}, {"b4", "zone-b"}} {
		started, err := backend.Start(b.name, b.zone)
		if err != nil {
			return err
		}
		d.backends = append(d.backends, started)
	}
	// gRPC's resolver for xds:/// reads GRPC_XDS_BOOTSTRAP_CONFIG once per process.
	// This resolver takes the bootstrap configuration as an argument.
	resolver, err := xds.NewXDSResolverWithConfigForTesting(d.plane.Bootstrap())
	if err != nil {
		return fmt.Errorf("make xDS resolver: %w", err)
	}
	d.conn, err = grpc.NewClient(d.target, grpc.WithResolvers(resolver),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("make channel: %w", err)
	}
	d.load = load.Start(ctx, load.Config{Workers: workers, Interval: interval}, func(int) { d.call() })
	fmt.Fprintf(d.out, "control plane on %s, channel %s, %d RPCs per second at most\n", d.plane.Addr(), d.target, workers*int(time.Second/interval))
	return nil
}

// call sends one RPC. The end of the load does not interrupt it, so the last RPCs
// end like all others.
func (d *demo) call() {
	ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
	defer cancel()
	reply, err := echo.NewEchoClient(d.conn).UnaryEcho(ctx, &echo.EchoRequest{})
	d.tally.Add(reply.GetMessage(), err)
}

func (d *demo) stop() {
	if d.load != nil {
		d.load.Stop()
	}
	if d.conn != nil {
		d.conn.Close()
	}
	for _, b := range d.backends {
		b.Stop()
	}
	if d.plane != nil {
		d.plane.Stop()
	}
}

// list makes the control plane send these backends and no others. The two zones
// have equal weight, whatever their numbers of endpoints.
func (d *demo) list(ctx context.Context, backends ...*backend.Backend) error {
	clear(d.listed)
	zones := make(map[string][]netip.AddrPort)
	for _, b := range backends {
		d.listed[b] = true
		zones[b.Zone] = append(zones[b.Zone], b.Addr())
	}
	var localities []controlplane.Locality
	for _, zone := range []string{"zone-a", "zone-b"} {
		if endpoints := zones[zone]; endpoints != nil {
			localities = append(localities, controlplane.Locality{Zone: zone, Weight: 1, Endpoints: endpoints})
		}
	}
	return d.plane.SetEndpoints(ctx, localities...)
}

// series reads the series of the channel, like a scrape.
func (d *demo) series() (series.Policy, error) {
	return series.ReadPolicy(prometheus.DefaultGatherer, d.target, Policy)
}
