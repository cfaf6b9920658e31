package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Longest data of a frame.
const frameMax = 4 << 20

type caller struct {
	*ttrpc.Client
}

var cases = map[string]func(context.Context, caller) error{
	"unary":            unary,
	"errors":           statuses,
	"special_status":   specialStatus,
	"unknown_method":   unknownMethod,
	"unknown_service":  unknownService,
	"metadata":         metadata,
	"timeout":          timeout,
	"default_deadline": defaultDeadline,
	"large":            large,
	"oversize_request": oversizeRequest,
	"oversize_reply":   oversizeReply,
	"concurrency":      concurrency,
	"late_response":    lateResponse,
	"server_stops":     serverStops,
}

// Runs one case on a connection of its own.
func runCase(name, addr string, config *tls.Config) error {
	body, ok := cases[name]
	if !ok {
		return errors.New("unknown case " + name)
	}
	conn, err := tls.Dial("tcp", addr, config)
	if err != nil {
		return err
	}
	if chosen := conn.ConnectionState().NegotiatedProtocol; len(config.NextProtos) > 0 && chosen != config.NextProtos[0] {
		return fmt.Errorf("the server chose the protocol %q", chosen)
	}
	client := ttrpc.NewClient(conn)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	return body(ctx, caller{client})
}

// A context that ends with `ctx` but carries neither deadline nor values: stock clients often have none.
func withoutDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	bare, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-ctx.Done():
			cancel()
		case <-bare.Done():
		}
	}()
	return bare, cancel
}

func (c caller) simple(ctx context.Context, method string, request *SimpleRequest) ([]byte, error) {
	var response SimpleResponse
	if err := c.Call(ctx, serviceName, method, request, &response); err != nil {
		return nil, err
	}
	if response.Payload == nil {
		return nil, nil
	}
	return response.Payload.Body, nil
}

func (c caller) echo(ctx context.Context, body []byte) error {
	answer, err := c.simple(ctx, "UnaryCall", &SimpleRequest{Payload: &Payload{Body: body}})
	if err != nil {
		return err
	}
	if !bytes.Equal(answer, body) {
		return fmt.Errorf("%d bytes came back changed (%d)", len(body), len(answer))
	}
	return nil
}

func expect(err error, code codes.Code, message string) error {
	s, ok := status.FromError(err)
	if !ok || err == nil || s.Code() != code || (message != "" && s.Message() != message) {
		return fmt.Errorf("expected %v %q, got %v", code, message, err)
	}
	return nil
}

func unary(ctx context.Context, c caller) error {
	bare, cancel := withoutDeadline(ctx)
	defer cancel()
	if err := c.Call(bare, serviceName, "EmptyCall", &Empty{}, &Empty{}); err != nil {
		return err
	}
	return c.echo(ctx, []byte("hello"))
}

func statuses(ctx context.Context, c caller) error {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		message := fmt.Sprintf("with %d", code)
		_, err := c.simple(ctx, "UnaryCall", &SimpleRequest{ResponseStatus: &EchoStatus{Code: int32(code), Message: message}})
		if err := expect(err, code, message); err != nil {
			return err
		}
	}
	return c.echo(ctx, []byte("after"))
}

func specialStatus(ctx context.Context, c caller) error {
	message := "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
	_, err := c.simple(ctx, "UnaryCall", &SimpleRequest{ResponseStatus: &EchoStatus{Code: 2, Message: message}})
	return expect(err, codes.Unknown, message)
}

func unknownMethod(ctx context.Context, c caller) error {
	if err := expect(c.Call(ctx, serviceName, "Nothing", &Empty{}, &Empty{}), codes.Unimplemented, ""); err != nil {
		return err
	}
	return c.echo(ctx, []byte("after"))
}

func unknownService(ctx context.Context, c caller) error {
	return expect(c.Call(ctx, "no.such.Service", "EmptyCall", &Empty{}, &Empty{}), codes.Unimplemented, "")
}

func metadata(ctx context.Context, c caller) error {
	md := ttrpc.MD{}
	md.Set("X-Test-One", "1")
	md.Append("x-test-two", "a", "b")
	answer, err := c.simple(ttrpc.WithMetadata(ctx, md), "Metadata", &SimpleRequest{})
	if err != nil {
		return err
	}
	if string(answer) != "x-test-one=1\nx-test-two=a,b" {
		return fmt.Errorf("the server saw %q", answer)
	}
	return nil
}

// The server ends the call: this side waits longer than it says.
func timeout(ctx context.Context, c caller) error {
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	err := c.Call(soon, serviceName, "Sleep", &Empty{}, &Empty{})
	if !errors.Is(err, context.DeadlineExceeded) {
		if err := expect(err, codes.DeadlineExceeded, ""); err != nil {
			return err
		}
	}
	answer, err := c.simple(ctx, "TimeLeft", &SimpleRequest{})
	if err != nil {
		return err
	}
	if string(answer) != "60" {
		return fmt.Errorf("60 s of time came as %q", answer)
	}
	return nil
}

// Without a deadline of the caller's the method's default holds.
func defaultDeadline(ctx context.Context, c caller) error {
	bare, cancel := withoutDeadline(ctx)
	defer cancel()
	return expect(c.Call(bare, serviceName, "SleepBriefly", &Empty{}, &Empty{}), codes.DeadlineExceeded, "")
}

// A request and a reply whose frames are exactly as long as a frame may be.
func large(ctx context.Context, c caller) error {
	bare, cancel := withoutDeadline(ctx)
	defer cancel()
	// Service, method, and three lengths around the bytes.
	overhead := 2 + len(serviceName) + 2 + len("UnaryCall") + 3*5
	if err := c.echo(bare, bytes.Repeat([]byte("x"), frameMax-overhead)); err != nil {
		return err
	}
	if err := expect(c.echo(bare, make([]byte, frameMax-overhead+1)), codes.ResourceExhausted, ""); err != nil {
		return err
	}
	answer, err := c.simple(ctx, "UnaryCall", &SimpleRequest{ResponseSize: frameMax - 15})
	if err == nil && len(answer) != frameMax-15 {
		err = fmt.Errorf("%d bytes came", len(answer))
	}
	return err
}

func oversizeRequest(ctx context.Context, c caller) error {
	if err := expect(c.echo(ctx, make([]byte, frameMax+1)), codes.ResourceExhausted, ""); err != nil {
		return err
	}
	return c.echo(ctx, []byte("after"))
}

func oversizeReply(ctx context.Context, c caller) error {
	_, err := c.simple(ctx, "UnaryCall", &SimpleRequest{ResponseSize: frameMax})
	if err := expect(err, codes.ResourceExhausted, ""); err != nil {
		return err
	}
	return c.echo(ctx, []byte("after"))
}

func concurrency(ctx context.Context, c caller) error {
	const callers, calls = 64, 50
	var group sync.WaitGroup
	failures := make(chan error, callers)
	for i := 0; i < callers; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for j := 0; j < calls; j++ {
				if err := c.echo(ctx, bytes.Repeat([]byte{byte(i)}, 1+j*37)); err != nil {
					failures <- err
					return
				}
			}
		}(i)
	}
	group.Wait()
	close(failures)
	return <-failures
}

// A call given up is answered later all the same: the answer disturbs nobody.
func lateResponse(ctx context.Context, c caller) error {
	bare, cancel := withoutDeadline(ctx)
	held := make(chan error, 1)
	go func() { held <- c.Call(bare, serviceName, "Hold", &Empty{}, &Empty{}) }()
	if err := c.Call(ctx, serviceName, "AwaitHold", &Empty{}, &Empty{}); err != nil {
		return err
	}
	cancel()
	if err := <-held; !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the call that was given up ended with %v", err)
	}
	if err := c.Call(ctx, serviceName, "Release", &Empty{}, &Empty{}); err != nil {
		return err
	}
	return c.echo(ctx, []byte("after"))
}

// The server goes away in the middle of a call: the call ends, and so do later ones.
func serverStops(ctx context.Context, c caller) error {
	if err := c.echo(ctx, []byte("before")); err != nil {
		return err
	}
	if err := c.Call(ctx, serviceName, "StopServer", &Empty{}, &Empty{}); err != nil {
		return fmt.Errorf("the call in flight at the shutdown: %v", err)
	}
	// The connection closes after the last answer.
	for ctx.Err() == nil {
		err := c.echo(ctx, []byte("after"))
		if errors.Is(err, ttrpc.ErrClosed) {
			return nil
		}
		if err == nil {
			// The server has not begun to stop.
			continue
		}
		if err := expect(err, codes.Unavailable, ""); err != nil {
			return err
		}
	}
	return ctx.Err()
}
