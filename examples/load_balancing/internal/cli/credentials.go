package cli

import (
	"crypto/tls"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/certs"
)

// certificates returns the set that -certs selects.
func (f *Flags) certificates() (certs.Set, error) {
	if f.certs == "" {
		return certs.Embedded(), nil
	}
	return certs.Dir(f.certs)
}

// ServerCredentials returns a function that returns the credentials of a server by
// its name.
func (f *Flags) ServerCredentials() (func(name string) (credentials.TransportCredentials, error), error) {
	if f.plaintext {
		return func(string) (credentials.TransportCredentials, error) {
			return insecure.NewCredentials(), nil
		}, nil
	}
	set, err := f.certificates()
	if err != nil {
		return nil, err
	}
	return func(name string) (credentials.TransportCredentials, error) {
		config, err := set.ServerConfig(name)
		if err != nil {
			return nil, err
		}
		return credentials.NewTLS(config), nil
	}, nil
}

// ClientCredentials returns credentials that trust the CA of -certs or -ca.
func (f *Flags) ClientCredentials() (credentials.TransportCredentials, error) {
	if f.plaintext {
		return insecure.NewCredentials(), nil
	}
	config, err := f.clientConfig()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(config), nil
}

func (f *Flags) clientConfig() (*tls.Config, error) {
	if f.ca != "" {
		return certs.ClientConfig(f.ca)
	}
	set, err := f.certificates()
	if err != nil {
		return nil, err
	}
	return set.ClientConfig()
}
