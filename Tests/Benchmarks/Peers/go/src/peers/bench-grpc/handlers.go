package main

import (
	"context"

	"google.golang.org/grpc"

	gobench "peers/gobench"
	"peers/load"
)

type handlers struct{}

// What protoc-gen-go would write for bench_service.proto, were it not for the options in it.
var description = grpc.ServiceDesc{
	ServiceName: "bench.v1.Echo",
	HandlerType: (*interface{})(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: echo}},
	Streams:     []grpc.StreamDesc{{StreamName: "Stream", Handler: stream, ServerStreams: true}},
}

func echo(_ interface{}, _ context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	var request gobench.EchoRequest
	if err := decode(&request); err != nil {
		return nil, err
	}
	return &gobench.EchoResponse{Payload: request.Payload, Name: request.Name}, nil
}

func stream(_ interface{}, s grpc.ServerStream) error {
	var request gobench.StreamRequest
	if err := s.RecvMsg(&request); err != nil {
		return err
	}
	message := gobench.EchoResponse{Payload: make([]byte, request.Size), Name: load.Name}
	for sent := uint32(0); request.Count == 0 || sent < request.Count; sent++ {
		if err := s.SendMsg(&message); err != nil {
			return err
		}
	}
	return nil
}
