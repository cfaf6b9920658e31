package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const serviceName = "interop.v1.Test"

// A listener that counts what it accepted. Its handshakes run in the connections' own goroutines, at the first read.
type countingListener struct {
	net.Listener
	accepted int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		atomic.AddInt32(&l.accepted, 1)
	}
	return conn, err
}

// Listens on a free port, which it prints. Ends at the end of its standard input. There `shutdown` and `close` stop it, with
// and without waiting for connections to be idle, and `exit` ends it as a crash would.
func serve(config *tls.Config) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	counting := &countingListener{Listener: tls.NewListener(listener, config)}
	server, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	server.Register(serviceName, methods(counting))
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background(), counting) }()
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)

	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		switch commands.Text() {
		case "shutdown":
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			err = server.Shutdown(ctx)
			cancel()
		case "close":
			err = server.Close()
		case "exit":
			os.Exit(3)
		default:
			err = errors.New("unknown command " + commands.Text())
		}
		if err != nil {
			return err
		}
		<-served
		fmt.Println("stopped")
	}
	return commands.Err()
}

func methods(listener *countingListener) map[string]ttrpc.Method {
	released := make(chan struct{}, 1)
	return map[string]ttrpc.Method{
		"EmptyCall": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			return &Empty{}, unmarshal(&Empty{})
		},
		"UnaryCall": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			var request SimpleRequest
			if err := unmarshal(&request); err != nil {
				return nil, err
			}
			if s := request.ResponseStatus; s != nil && s.Code != 0 {
				return nil, status.Error(codes.Code(s.Code), s.Message)
			}
			if request.Payload != nil && request.ResponseSize == 0 {
				return &SimpleResponse{Payload: request.Payload}, nil
			}
			return &SimpleResponse{Payload: &Payload{Body: make([]byte, request.ResponseSize)}}, nil
		},
		// Fails as a program does that knows nothing of statuses.
		"Fail": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			return nil, errors.New("broken")
		},
		// Answers with the metadata that came.
		"Metadata": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			metadata, _ := ttrpc.GetMetadata(ctx)
			return text(describe(metadata))
		},
		// Answers with the time left to the call in whole seconds.
		"TimeLeft": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			deadline, ok := ctx.Deadline()
			if !ok {
				return text("none")
			}
			return text(fmt.Sprint(int(time.Until(deadline).Round(time.Second) / time.Second)))
		},
		// Waits until the call's time is over.
		"Sleep": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		// Waits for a Release, whatever becomes of its call.
		"Hold": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			<-released
			return &Empty{}, nil
		},
		"Release": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			released <- struct{}{}
			return &Empty{}, nil
		},
		// Answers with the number of connections accepted so far.
		"Connections": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			return text(fmt.Sprint(atomic.LoadInt32(&listener.accepted)))
		},
	}
}

func text(s string) (*SimpleResponse, error) {
	return &SimpleResponse{Payload: &Payload{Body: []byte(s)}}, nil
}

// One line for each key that begins with `x-test`, sorted; values in their order.
func describe(metadata ttrpc.MD) string {
	var lines []string
	for key, values := range metadata {
		if strings.HasPrefix(key, "x-test") {
			lines = append(lines, key+"="+strings.Join(values, ","))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
