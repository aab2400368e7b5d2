package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/certs"
)

func TestTheSetHasThreeMembersAndNoCAKey(t *testing.T) {
	t.Parallel()
	want := []string{"member1.etcd.local", "member2.etcd.local", "member3.etcd.local"}
	if diff := cmp.Diff(want, certs.Embedded().Members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	keys, err := filepath.Glob("*.key")
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != len(want) {
		t.Errorf("keys %v, want one for each member and none for the CA", keys)
	}
}

func TestMemberCertificatesHoldForOneNameAndBothUses(t *testing.T) {
	t.Parallel()
	roots := x509.NewCertPool()
	roots.AddCert(certificate(t, "ca.crt"))
	for _, name := range certs.Embedded().Members() {
		cert := certificate(t, name+".crt")
		if diff := cmp.Diff([]string{name}, cert.DNSNames); diff != "" {
			t.Errorf("%s: DNS names (-want +got):\n%s", name, diff)
		}
		if len(cert.IPAddresses)+len(cert.EmailAddresses)+len(cert.URIs) > 0 {
			t.Errorf("%s: the certificate is valid for more than its DNS name", name)
		}
		if cert.IsCA || cert.KeyUsage != x509.KeyUsageDigitalSignature {
			t.Errorf("%s: CA %t, key usage %b, want an end-entity certificate that signs", name, cert.IsCA, cert.KeyUsage)
		}
		for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			_, err := cert.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}})
			if err != nil {
				t.Errorf("%s: verify for usage %v: %v", name, usage, err)
			}
		}
		checkCommon(t, cert)
	}
}

func TestTheCACanSignMembersOfTheDomainOnly(t *testing.T) {
	t.Parallel()
	ca := certificate(t, "ca.crt")
	if !ca.IsCA || !ca.MaxPathLenZero || ca.KeyUsage != x509.KeyUsageCertSign {
		t.Errorf("CA %t, path length zero %t, key usage %b, want a CA that signs end-entity certificates only",
			ca.IsCA, ca.MaxPathLenZero, ca.KeyUsage)
	}
	if !ca.PermittedDNSDomainsCritical {
		t.Error("the name constraints are not critical")
	}
	if diff := cmp.Diff([]string{"etcd.local"}, ca.PermittedDNSDomains); diff != "" {
		t.Errorf("permitted domains (-want +got):\n%s", diff)
	}
	var excluded []string
	for _, ipRange := range ca.ExcludedIPRanges {
		excluded = append(excluded, ipRange.String())
	}
	if diff := cmp.Diff([]string{"0.0.0.0/0", "::/0"}, excluded); diff != "" {
		t.Errorf("excluded IP ranges (-want +got):\n%s", diff)
	}
	checkCommon(t, ca)
}

// checkCommon checks what the CA and the members have in common.
func checkCommon(t *testing.T, cert *x509.Certificate) {
	t.Helper()
	name := cert.Subject.CommonName
	if organization := strings.Join(cert.Subject.Organization, " "); !strings.Contains(organization, "TEST ONLY - DO NOT TRUST") {
		t.Errorf("%s: organisation %q does not say that it is for tests only", name, organization)
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("%s: key %T, want ECDSA P-256", name, cert.PublicKey)
	}
	if now := time.Now(); cert.NotBefore.After(now) || cert.NotAfter.Before(now.AddDate(10, 0, 0)) {
		t.Errorf("%s: valid from %v to %v, want it valid now and for ten more years", name, cert.NotBefore, cert.NotAfter)
	}
}

func certificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) > 0 {
		t.Fatalf("%s: want one PEM block of type CERTIFICATE", file)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cert
}
