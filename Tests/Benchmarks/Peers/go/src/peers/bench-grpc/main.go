// grpc-go: the same echo over crypto/tls.
package main

import (
	"context"
	"errors"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	gobench "peers/gobench"
	"peers/load"
)

func main() {
	runtime.GOMAXPROCS(1)
	o := load.Parse()
	if o.Server {
		load.Fail(serve(o))
	}
	load.Run(o, func() (load.Conn, error) { return dial(o) })
}

func serve(o load.Options) error {
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(load.ServerTLS(o))))
	server.RegisterService(&description, handlers{})
	return server.Serve(listener)
}

type conn struct{ client *grpc.ClientConn }

func dial(o load.Options) (load.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := grpc.DialContext(ctx, o.Addr, grpc.WithTransportCredentials(credentials.NewTLS(load.ClientTLS(o))), grpc.WithBlock())
	return conn{c}, err
}

func (c conn) Caller() func(context.Context) error {
	return func(ctx context.Context) error {
		request := gobench.EchoRequest{Payload: []byte(load.Payload), Name: load.Name}
		var response gobench.EchoResponse
		if err := c.client.Invoke(ctx, "/bench.v1.Echo/Echo", &request, &response); err != nil {
			return err
		}
		if string(response.Payload) != load.Payload || response.Name != load.Name {
			return errors.New("a wrong answer")
		}
		return nil
	}
}

func (c conn) Stream(ctx context.Context) (func() error, error) {
	stream, err := c.client.NewStream(ctx, &description.Streams[0], "/bench.v1.Echo/Stream")
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(&gobench.StreamRequest{Size: uint32(len(load.Payload))}); err != nil {
		return nil, err
	}
	var message gobench.EchoResponse
	return func() error {
		if err := stream.RecvMsg(&message); err != nil {
			return err
		}
		if len(message.Payload) != len(load.Payload) || len(message.Name) != len(load.Name) {
			return errors.New("a wrong message")
		}
		return nil
	}, stream.CloseSend()
}
