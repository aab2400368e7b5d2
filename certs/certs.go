package certs

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed *.crt *.key
var embedded embed.FS

const (
	caFile = "ca.crt"
	remedy = "go run ./certs/generate -out DIR makes a whole set"
)

// Set is a CA and the certificates that it has signed. The zero Set is the
// embedded one. A Set holds no file open and is safe for concurrent use.
type Set struct {
	dir string // empty: embedded
}

// Embedded returns the set that is compiled into the program.
func Embedded() Set { return Set{} }

// Dir returns the set in the directory path. It returns an error if there is no such
// directory. It reads no file: the methods of the Set do so, on each call.
func Dir(path string) (Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Set{}, fmt.Errorf("certs: open directory %q: %w; %s", path, cause(err), remedy)
	}
	if !info.IsDir() {
		return Set{}, fmt.Errorf("certs: open directory %q: it is a file; give the directory that holds ca.crt", path)
	}
	return Set{dir: path}, nil
}

// Members returns the names for which the set has a certificate, sorted. If it cannot
// read the directory, it returns nil.
func (s Set) Members() []string {
	files, err := fs.Glob(s.files(), "*.crt")
	if err != nil {
		panic(err) // the pattern is malformed
	}
	var names []string
	for _, file := range files {
		if file != caFile {
			names = append(names, strings.TrimSuffix(file, ".crt"))
		}
	}
	return names
}

// ServerConfig returns the TLS configuration of a server that presents the certificate
// NAME.crt, with the key NAME.key. It does not ask clients for certificates. Each call
// reads the files and returns a new configuration, which the caller may change.
func (s Set) ServerConfig(name string) (*tls.Config, error) {
	certPEM, err := s.read(name + ".crt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("certs: no certificate for %q: %w; there are certificates for: %s",
			name, err, cmp.Or(strings.Join(s.Members(), ", "), "nobody"))
	}
	if err != nil {
		return nil, fmt.Errorf("certs: read certificate: %w", err)
	}
	keyPEM, err := s.read(name + ".key")
	if err != nil {
		return nil, fmt.Errorf("certs: read private key: %w; %s", err, remedy)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("certs: use %s with %s: %w; both must be PEM, and the key that of the certificate",
			s.path(name+".crt"), s.path(name+".key"), err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// ClientConfig returns the TLS configuration of a client that trusts only the set's CA.
// ServerName is not set: gRPC takes it from the address or the channel, and other
// callers must set it. Each call reads the file and returns a new configuration, which
// the caller may change.
func (s Set) ClientConfig() (*tls.Config, error) {
	caPEM, err := s.read(caFile)
	if err != nil {
		return nil, fmt.Errorf("certs: read CA: %w; %s", err, remedy)
	}
	return clientConfig(caPEM, s.path(caFile))
}

// ClientConfig is [Set.ClientConfig] for a CA in a single file. The client trusts each
// certificate in the file.
func ClientConfig(caFile string) (*tls.Config, error) {
	caPEM, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("certs: read CA: %q: %w; give the PEM file of the CA that signed the servers' certificates", caFile, cause(err))
	}
	return clientConfig(caPEM, fmt.Sprintf("%q", caFile))
}

func clientConfig(caPEM []byte, path string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(caPEM) {
		return nil, fmt.Errorf("certs: read CA: %s holds no certificate; want PEM blocks of type CERTIFICATE", path)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func (s Set) files() fs.FS {
	if s.dir == "" {
		return embedded
	}
	return os.DirFS(s.dir)
}

// read returns the content of a file. Its errors name the file and its directory; the
// errors of fs.FS only name the file.
func (s Set) read(file string) ([]byte, error) {
	data, err := fs.ReadFile(s.files(), file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path(file), cause(err))
	}
	return data, nil
}

// path formats the path of a file for messages.
func (s Set) path(file string) string {
	if s.dir == "" {
		return fmt.Sprintf("embedded %q", file)
	}
	return fmt.Sprintf("%q", filepath.Join(s.dir, file))
}

// cause strips the operation and the path from a file error, because the callers add
// their own.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
