package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/fs"
	"net"
	"time"
)

// The dates are fixed. The first one is far in the past, so that the certificates are
// also valid on machines whose clock is wrong.
var (
	notBefore = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = notBefore.AddDate(100, 0, 0)
)

const organization = "balancer2 TEST ONLY - DO NOT TRUST"

type file struct {
	name string
	data []byte
	mode fs.FileMode
}

// newSet makes a CA, and a certificate for each member.
func newSet() ([]file, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := caTemplate()
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return nil, err
	}
	files := []file{{"ca.crt", encode("CERTIFICATE", caDER), 0o644}}
	for _, name := range members {
		certPEM, keyPEM, err := issue(name, ca, caKey)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name + ".crt", certPEM, 0o644}, file{name + ".key", keyPEM, 0o600})
	}
	return files, nil
}

// issue makes a key, and a certificate for it that is valid for name.
func issue(name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	certDER, err := x509.CreateCertificate(rand.Reader, memberTemplate(name), ca, key.Public(), caKey)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return encode("CERTIFICATE", certDER), encode("PRIVATE KEY", keyDER), nil
}

// caTemplate returns the template of a CA that does no harm if someone trusts it by
// mistake. It may only sign end-entity certificates for names under domain, and none
// for IP addresses.
func caTemplate() *x509.Certificate {
	return &x509.Certificate{
		Subject:                     subject("balancer2 test CA"),
		NotBefore:                   notBefore,
		NotAfter:                    notAfter,
		KeyUsage:                    x509.KeyUsageCertSign,
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{domain},
		ExcludedIPRanges: []*net.IPNet{
			{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)},
			{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)},
		},
	}
}

func memberTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               subject(name),
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		DNSNames:              []string{name},
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
}

func subject(commonName string) pkix.Name {
	return pkix.Name{Organization: []string{organization}, CommonName: commonName}
}

func encode(blockType string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}
