package load

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
)

func config(o Options) *tls.Config {
	certificate, err := tls.LoadX509KeyPair(o.Cert, o.Key)
	if err != nil {
		Fail(err)
	}
	pem, err := os.ReadFile(o.CA)
	if err != nil {
		Fail(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		Fail(errors.New("no certificate in " + o.CA))
	}
	// With AES instructions, crypto/tls chooses TLS_AES_128_GCM_SHA256 for TLS 1.3.
	return &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: pool, ClientCAs: pool, MinVersion: tls.VersionTLS13}
}

// ServerTLS demands a certificate of the client.
func ServerTLS(o Options) *tls.Config {
	c := config(o)
	c.ClientAuth = tls.RequireAndVerifyClientCert
	return c
}

// ClientTLS verifies the server's chain and, when one is wanted, its SPIFFE id.
func ClientTLS(o Options) *tls.Config {
	c := config(o)
	c.ServerName = "localhost"
	c.VerifyConnection = func(state tls.ConnectionState) error {
		uris := state.PeerCertificates[0].URIs
		if o.Peer != "" && (len(uris) != 1 || uris[0].String() != o.Peer) {
			return errors.New("the server is not the one wanted")
		}
		return nil
	}
	return c
}
