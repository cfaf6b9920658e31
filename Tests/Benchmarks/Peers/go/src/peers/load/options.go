// Package load is what the Go peers share: the command line, mutual TLS, and the load.
package load

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// Options is the command line that every peer's program takes.
type Options struct {
	Server                bool
	Addr, Mode, Peer      string
	Cert, Key, CA         string
	Connections, InFlight int
	Duration              time.Duration
}

// Parse exits with a message when the options make no sense.
func Parse() Options {
	var o Options
	var seconds float64
	if len(os.Args) < 2 || (os.Args[1] != "server" && os.Args[1] != "client") {
		refuse("server or client?")
	}
	o.Server = os.Args[1] == "server"
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.Addr, "addr", "", "HOST:PORT")
	flags.StringVar(&o.Cert, "cert", "", "the certificate chain's file")
	flags.StringVar(&o.Key, "key", "", "its key's file")
	flags.StringVar(&o.CA, "ca", "", "the authority's file")
	flags.StringVar(&o.Peer, "peer", "", "the SPIFFE id that the server must have")
	flags.StringVar(&o.Mode, "mode", "unary", "unary, stream or idle")
	flags.IntVar(&o.Connections, "connections", 1, "")
	flags.IntVar(&o.InFlight, "inflight", 1, "calls in flight over all connections")
	flags.Float64Var(&seconds, "seconds", 5, "")
	_ = flags.Parse(os.Args[2:])
	if o.Addr == "" || o.Connections < 1 || o.InFlight < 1 || !(seconds > 0 && seconds <= 3600) {
		refuse("an option is missing or out of range")
	}
	o.Duration = time.Duration(seconds * float64(time.Second))
	return o
}

func refuse(why string) {
	fmt.Fprintln(os.Stderr, os.Args[0]+":", why)
	os.Exit(2)
}

// Fail prints the error and exits.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, os.Args[0]+":", err)
	os.Exit(1)
}
