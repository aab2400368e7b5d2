package pickfirst2

import (
	"testing"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/resolver"
)

func TestWhoCanEnableTheHealthGate(t *testing.T) {
	t.Parallel()
	plain := resolver.State{}
	withValue := resolver.State{Attributes: attributes.New("k", "v")}
	uncomparable := resolver.State{Attributes: attributes.New("k", []int{1})}
	tests := []struct {
		name  string
		state resolver.State
		want  bool
	}{
		{"nobody", plain, false},
		{"nobody, with other attributes", withValue, false},
		{"nobody, with attributes that cannot be compared", uncomparable, false},
		{"this package", EnableHealthListener(plain), true},
		{"this package, with other attributes", EnableHealthListener(withValue), true},
		{"this package, with attributes that cannot be compared", EnableHealthListener(uncomparable), true},
		{"grpc-go's pickfirst", pickfirst.EnableHealthListener(plain), true},
		{"grpc-go's pickfirst, with other attributes", pickfirst.EnableHealthListener(withValue), true},
		{"grpc-go's pickfirst, with attributes that cannot be compared", pickfirst.EnableHealthListener(uncomparable), true},
		{"grpc-go's pickfirst, with attributes before and after", resolver.State{
			Attributes: pickfirst.EnableHealthListener(withValue).Attributes.WithValue("l", "w"),
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := healthGateEnabled(test.state); got != test.want {
				t.Errorf("health gate enabled: %v, want %v", got, test.want)
			}
		})
	}
}
