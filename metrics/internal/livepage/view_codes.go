package livepage

import (
	"cmp"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// codeView is a code and how many RPC attempts ended with it.
type codeView struct {
	Code, N string
	Bad     bool
}

// badCodes are codes that suggest a problem of the backend rather than of the RPC.
var badCodes = []codes.Code{
	codes.Unknown, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Unavailable, codes.DataLoss,
}

// newCodeViews puts OK first, then the most frequent code.
func newCodeViews(rpcs [grpcstatus.Count]uint64) []codeView {
	var seen []codes.Code
	for code, n := range rpcs {
		if n > 0 {
			seen = append(seen, codes.Code(code))
		}
	}
	slices.SortFunc(seen, func(a, b codes.Code) int {
		switch {
		case a == codes.OK:
			return -1
		case b == codes.OK:
			return 1
		}
		return cmp.Or(cmp.Compare(rpcs[b], rpcs[a]), cmp.Compare(grpcstatus.Name(a), grpcstatus.Name(b)))
	})
	views := make([]codeView, len(seen))
	for i, code := range seen {
		views[i] = codeView{Code: grpcstatus.Name(code), N: wording.Grouped(rpcs[code]), Bad: slices.Contains(badCodes, code)}
	}
	return views
}
