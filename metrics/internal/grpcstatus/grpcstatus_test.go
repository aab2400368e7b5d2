package grpcstatus_test

import (
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

func TestGRPCReadsTheNames(t *testing.T) {
	t.Parallel()
	for i, name := range grpcstatus.Names() {
		var c codes.Code
		if err := c.UnmarshalJSON([]byte(strconv.Quote(name))); err != nil || c != codes.Code(i) {
			t.Errorf("gRPC reads %s as code %v, %v; want %v", name, c, err, codes.Code(i))
		}
		if got := grpcstatus.Name(codes.Code(i)); got != name {
			t.Errorf("the name of %v is %s, want %s", codes.Code(i), got, name)
		}
	}
}
