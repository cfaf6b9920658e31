// ttrpc-go: the same echo over crypto/tls.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"runtime"

	"github.com/containerd/ttrpc"

	gogobench "peers/gogobench"
	"peers/load"
)

const service = "bench.v1.Echo"

func main() {
	runtime.GOMAXPROCS(1)
	o := load.Parse()
	if o.Server {
		load.Fail(serve(o))
	}
	load.Run(o, func() (load.Conn, error) { return dial(o) })
}

func echo(_ context.Context, unmarshal func(interface{}) error) (interface{}, error) {
	var request gogobench.EchoRequest
	if err := unmarshal(&request); err != nil {
		return nil, err
	}
	return &gogobench.EchoResponse{Payload: request.Payload, Name: request.Name}, nil
}

func serve(o load.Options) error {
	server, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	server.Register(service, map[string]ttrpc.Method{"Echo": echo})
	listener, err := tls.Listen("tcp", o.Addr, load.ServerTLS(o))
	if err != nil {
		return err
	}
	return server.Serve(context.Background(), listener)
}

type conn struct{ client *ttrpc.Client }

func dial(o load.Options) (load.Conn, error) {
	c, err := tls.Dial("tcp", o.Addr, load.ClientTLS(o))
	if err != nil {
		return nil, err
	}
	return conn{ttrpc.NewClient(c)}, nil
}

func (c conn) Caller() func(context.Context) error {
	return func(ctx context.Context) error {
		request := gogobench.EchoRequest{Payload: []byte(load.Payload), Name: load.Name}
		var response gogobench.EchoResponse
		if err := c.client.Call(ctx, service, "Echo", &request, &response); err != nil {
			return err
		}
		if string(response.Payload) != load.Payload || response.Name != load.Name {
			return errors.New("a wrong answer")
		}
		return nil
	}
}

func (c conn) Stream(context.Context) (func() error, error) { return nil, load.NoStreams }
