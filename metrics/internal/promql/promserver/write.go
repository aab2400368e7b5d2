package promserver

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// WithWrite is the flag for a server that takes samples by [Server.Write].
const WithWrite = "--web.enable-remote-write-receiver"

// Series is one series with its samples in the order of time.
type Series struct {
	Labels  []Label // with the name, as __name__; sorted by name
	Samples []Point
}

// Label is a label of a series.
type Label struct{ Name, Value string }

// Point is a sample at a time in milliseconds.
type Point struct {
	At    int64
	Value float64
}

// Write stores samples at the times that they carry, by Prometheus's
// remote-write protocol (version 1).
func (s *Server) Write(tb testing.TB, all []Series) {
	tb.Helper()
	const atOnce = 1000 // series
	for some := range slices.Chunk(all, atOnce) {
		req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, s.url+"/api/v1/write", bytes.NewReader(snappy(writeRequest(some))))
		if err != nil {
			tb.Fatal(err)
		}
		req.Header.Set("Content-Encoding", "snappy")
		req.Header.Set("Content-Type", "application/x-protobuf")
		req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
		if status, body, err := answer(s.client.Do(req)); err != nil || status/100 != 2 {
			tb.Fatal(httpError("write samples", status, body, err))
		}
	}
}

// writeRequest encodes a prometheus.WriteRequest.
func writeRequest(all []Series) (b []byte) {
	for _, series := range all {
		var ts []byte
		for _, l := range series.Labels {
			var pair []byte
			pair = protowire.AppendString(protowire.AppendTag(pair, 1, protowire.BytesType), l.Name)
			pair = protowire.AppendString(protowire.AppendTag(pair, 2, protowire.BytesType), l.Value)
			ts = protowire.AppendBytes(protowire.AppendTag(ts, 1, protowire.BytesType), pair)
		}
		for _, p := range series.Samples {
			var sample []byte
			sample = protowire.AppendFixed64(protowire.AppendTag(sample, 1, protowire.Fixed64Type), math.Float64bits(p.Value))
			sample = protowire.AppendVarint(protowire.AppendTag(sample, 2, protowire.VarintType), uint64(p.At))
			ts = protowire.AppendBytes(protowire.AppendTag(ts, 2, protowire.BytesType), sample)
		}
		b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), ts)
	}
	return b
}

// snappy puts data in snappy's block format, as literals: nothing is compressed.
func snappy(data []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(len(data)))
	for chunk := range slices.Chunk(data, 1<<16) {
		const twoBytesOfLength = 61 << 2
		b = binary.LittleEndian.AppendUint16(append(b, twoBytesOfLength), uint16(len(chunk)-1))
		b = append(b, chunk...)
	}
	return b
}
