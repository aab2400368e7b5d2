package fleet_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fleet is many clients, each with its page at /metrics/ and its number.
type fleet struct {
	clients []*client
	server  *httptest.Server
	pages   atomic.Int64 // served
	bytes   atomic.Int64 // of them, as they were sent
	accept  atomic.Pointer[http.Header]
}

func newFleet(tb testing.TB, size size, v variant) *fleet {
	tb.Helper()
	f := new(fleet)
	mux := http.NewServeMux()
	for i := range size.clients {
		backends := v.backends(i, size)
		c := newClient(tb, backends, v.options...)
		c.fail(tb, len(backends))
		f.clients = append(f.clients, c)
		mux.HandleFunc(page(i), func(w http.ResponseWriter, r *http.Request) {
			f.accept.Store(&r.Header)
			f.pages.Add(1)
			c.ServeHTTP(&counting{w, &f.bytes}, r)
		})
	}
	f.server = httptest.NewServer(mux)
	tb.Cleanup(f.server.Close)
	f.start(tb, size)
	return f
}

func page(i int) string { return fmt.Sprintf("/metrics/%d", i) }

// start sends RPCs until the test is over.
func (f *fleet) start(tb testing.TB, size size) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		clock := time.NewTicker(tick)
		defer clock.Stop()
		begin, sent := time.Now(), 0
		for {
			select {
			case <-stop:
				return
			case now := <-clock.C:
				due := int(now.Sub(begin).Seconds()*float64(size.rps)) - sent
				sent += due
				for _, c := range f.clients {
					c.move(due)
				}
			}
		}
	})
	tb.Cleanup(func() { close(stop); running.Wait() })
}

// pageBytes returns the mean size of a page as it is sent, and the size of one
// unpacked. It asks for what Prometheus asked for.
func (f *fleet) pageBytes(tb testing.TB) (sent, unpacked int64) {
	tb.Helper()
	sent = f.bytes.Load() / f.pages.Load()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, page(0), http.NoBody)
	r.Header = f.accept.Load().Clone()
	w := httptest.NewRecorder()
	f.clients[0].ServeHTTP(w, r)
	var body io.Reader = w.Body
	if strings.Contains(w.Header().Get("Content-Encoding"), "gzip") {
		zipped, err := gzip.NewReader(w.Body)
		if err != nil {
			tb.Fatal(err)
		}
		body = zipped
	}
	unpacked, err := io.Copy(io.Discard, body)
	if err != nil {
		tb.Fatal(err)
	}
	return sent, unpacked
}

// counting counts the bytes of responses.
type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counting) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return c.ResponseWriter.Write(b)
}
