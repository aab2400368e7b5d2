package livepage

import (
	"cmp"
	"slices"
	"strconv"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// rpcsJSON counts the RPC attempts that ended, by code. In JSON it is an object
// with the names of the codes that occurred. It allocates less than a map.
type rpcsJSON [grpcstatus.Count]uint64

// MarshalJSON implements [json.Marshaler].
func (rpcs *rpcsJSON) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for _, code := range codesByName {
		if n := rpcs[code]; n > 0 {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = strconv.AppendQuote(b, grpcstatus.Name(code))
			b = strconv.AppendUint(append(b, ':'), n, 10)
		}
	}
	return append(b, '}'), nil
}

var codesByName = func() []codes.Code {
	all := make([]codes.Code, grpcstatus.Count)
	for i := range all {
		all[i] = codes.Code(i)
	}
	slices.SortFunc(all, func(a, b codes.Code) int { return cmp.Compare(grpcstatus.Name(a), grpcstatus.Name(b)) })
	return all
}()

// newRPCErrorJSON returns nil if there was no error.
func newRPCErrorJSON(e *livestatus.RPCError) *rpcErrorJSON {
	if e.At.IsZero() {
		return nil
	}
	return &rpcErrorJSON{Code: codeName(e.Code), Text: e.Text, At: e.At.UTC()}
}

// codeName returns the name of any code.
func codeName(code codes.Code) string {
	if int(code) < grpcstatus.Count {
		return grpcstatus.Name(code)
	}
	return code.String()
}
