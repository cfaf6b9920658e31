// Stock ttrpc over crypto/tls, as the other side of the interoperability tests.
//
//	stock server -cert FILE -key FILE -roots FILE [-alpn NAME]
//	stock client -cert FILE -key FILE -roots FILE [-alpn NAME] -addr HOST:PORT CASE
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
)

// Without an ALPN name nothing is offered or chosen, as a program that knows nothing of ALPN has it.
func tlsConfig(cert, key, roots, alpn string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(roots)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no root in " + roots)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS13,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
		// A mesh certificate names no host: the chain is checked below instead.
		InsecureSkipVerify: true,
		VerifyConnection:   func(state tls.ConnectionState) error { return verify(state, pool) },
	}
	if alpn != "" {
		config.NextProtos = []string{alpn}
	}
	return config, nil
}

func verify(state tls.ConnectionState, roots *x509.CertPool) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("no certificate")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: stock server|client ...")
		os.Exit(2)
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	cert := flags.String("cert", "", "certificate chain, PEM")
	key := flags.String("key", "", "private key, PEM")
	roots := flags.String("roots", "", "trusted roots, PEM")
	alpn := flags.String("alpn", "", "ALPN name")
	addr := flags.String("addr", "", "the server's address")
	flags.Parse(os.Args[2:])

	config, err := tlsConfig(*cert, *key, *roots, *alpn)
	if err == nil {
		switch os.Args[1] {
		case "server":
			err = serve(config)
		case "client":
			err = runCase(flags.Arg(0), *addr, config)
		default:
			err = errors.New("unknown role " + os.Args[1])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
