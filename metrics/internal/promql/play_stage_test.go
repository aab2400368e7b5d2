package promql_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// stage is where a play happens: client processes, and the backends that they
// know. Commands change it; between them time passes, by synctest's clock.
type stage struct {
	t       *testing.T
	clients map[string]*playClient   // that run, by instance
	targets map[string]bool          // instances that Prometheus scrapes
	down    map[string]bool          // backends, by address
	answers map[string]codes.Code    // of backends, by address
	takes   map[string]time.Duration // of RPCs on backends, by address; a second for the others
	weights map[string]int           // of backends, by address; 1 for the others
	health  map[string]health        // of backends that are not serving, by address
	names   map[string]string        // of backends that are not named by their address
	ledger  ledger
	changed time.Time // by the last command

	// backsOff has a subchannel that failed to connect wait before it tries again. That
	// is realistic, but hides at which moment a connection will be back.
	backsOff bool

	scrapeEvery time.Duration

	pages   []playPage
	moments []moment
}

// health is what a health check says.
type health struct {
	state connectivity.State
	cause error
}

// playPage is what a scrape found.
type playPage struct {
	at       time.Time
	instance string
	families []*dto.MetricFamily // nil if the scrape failed
}

// moment is a scrape of all clients, with what there was to be seen then.
type moment struct {
	at    time.Time
	truth truth
	calm  time.Duration // since the last change
}

func newStage(t *testing.T) *stage {
	return &stage{
		t: t, scrapeEvery: scrapeInterval,
		clients: make(map[string]*playClient),
		targets: make(map[string]bool),
		down:    make(map[string]bool),
		answers: make(map[string]codes.Code),
		takes:   make(map[string]time.Duration),
		weights: make(map[string]int),
		health:  make(map[string]health),
		names:   make(map[string]string),
	}
}

func (s *stage) start(instance string, settings clientSettings) {
	s.clients[instance] = newPlayClient(s.t, s, instance, settings)
	s.targets[instance] = true
}

func (s *stage) restart(c *playClient) {
	s.start(c.instance, c.settings)
	s.clients[c.instance].resolve(c.addrs...)
}

// replace has name resolution return another address in the place of one.
func (s *stage) replace(old, addr string) {
	for _, c := range s.sorted() {
		addrs := slices.Clone(c.addrs)
		if i := slices.Index(addrs, old); i >= 0 {
			addrs[i] = addr
			c.resolve(addrs...)
		}
	}
}

func (s *stage) setDown(addrs []string, down bool) {
	for _, addr := range addrs {
		s.down[addr] = down
	}
}

func (s *stage) drop(addr string) {
	for _, c := range s.sorted() {
		for _, ch := range c.channels {
			ch.drop(addr)
		}
	}
}

// stop kills a client: nothing of it is scraped any more.
func (s *stage) stop(instance string) { delete(s.clients, instance) }

// serving is what health checks say until a play says otherwise.
var serving = health{state: connectivity.Ready}

// healths are what health checks may say, and gRPC's outlier detection.
var healths = map[string]health{
	"serving":     serving,
	"not_serving": {connectivity.TransientFailure, errors.New("health check: NOT_SERVING")},
	"unchecked":   {connectivity.Connecting, nil},
	"ejected":     {connectivity.TransientFailure, nil},
}

// nameOf returns what the metrics are to call the backend of a new subchannel.
func (s *stage) nameOf(addr string) string {
	if name, ok := s.names[addr]; ok {
		return name
	}
	return addr
}

// run lets time pass.
func (s *stage) run(d time.Duration) {
	s.changed = time.Now()
	for end := s.changed.Add(d); time.Now().Before(end); {
		for _, c := range s.sorted() {
			c.connect()
		}
		synctest.Wait()
		time.Sleep(time.Second)
		for _, c := range s.sorted() {
			c.second()
		}
		if now := time.Now(); now.Unix()%int64(s.scrapeEvery.Seconds()) == 0 {
			s.scrape(now)
		}
	}
}

// sorted returns the clients that run, always in the same order.
func (s *stage) sorted() (all []*playClient) {
	for _, instance := range slices.Sorted(maps.Keys(s.clients)) {
		all = append(all, s.clients[instance])
	}
	return all
}

func (s *stage) scrape(now time.Time) {
	for _, instance := range slices.Sorted(maps.Keys(s.targets)) {
		page := playPage{at: now, instance: instance}
		if c := s.clients[instance]; c != nil {
			page.families = c.gather()
		}
		s.pages = append(s.pages, page)
	}
	s.ledger.picks, s.ledger.failed = forget(s.ledger.picks, now), forget(s.ledger.failed, now)
	s.moments = append(s.moments, moment{at: now, truth: s.truth(now), calm: now.Sub(s.changed)})
}

func (s *stage) truth(now time.Time) truth {
	t := truth{
		picks: rates(s.ledger.picks, now), failed: rates(s.ledger.failed, now),
		ready: make(values), usable: make(values),
	}
	for _, c := range s.clients {
		for _, ch := range c.channels {
			s.count(ch, t)
		}
	}
	return t
}

func (s *stage) count(ch *playChannel, t truth) {
	for _, sc := range ch.cc.Live() {
		if sc.State() != connectivity.Ready {
			continue
		}
		t.ready[ch.names[sc]]++
		if s.healthOf(sc.Addr()) == serving {
			t.usable[ch.names[sc]]++
		}
	}
}

func (s *stage) healthOf(addr string) health {
	if h, ok := s.health[addr]; ok {
		return h
	}
	return serving
}

func (s *stage) weightOf(addr string) int {
	if w, ok := s.weights[addr]; ok {
		return w
	}
	return 1
}

func (s *stage) durationOn(addr string) time.Duration {
	if d, ok := s.takes[addr]; ok {
		return d
	}
	return time.Second
}
