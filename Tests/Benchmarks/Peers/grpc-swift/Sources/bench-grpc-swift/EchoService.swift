import Foundation
import GRPCCore
import GRPCProtobuf

/// The two methods, registered as generated code would.
struct EchoService: RegistrableRPCService {
    static let echo = MethodDescriptor(fullyQualifiedService: "bench.v1.Echo", method: "Echo", type: .unary)
    static let stream = MethodDescriptor(fullyQualifiedService: "bench.v1.Echo", method: "Stream", type: .serverStreaming)
    static let payload = Data("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".utf8)
    static let name = "abcdefghijklmnopqrstuvwxyz"

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Self.echo, deserializer: ProtobufDeserializer<Bench_V1_EchoRequest>(), serializer: ProtobufSerializer<Bench_V1_EchoResponse>()
        ) { request, _ in
            StreamingServerResponse(single: answer(try await ServerRequest(stream: request)))
        }
        router.registerHandler(
            forMethod: Self.stream, deserializer: ProtobufDeserializer<Bench_V1_StreamRequest>(),
            serializer: ProtobufSerializer<Bench_V1_EchoResponse>()
        ) { request, _ in
            messages(try await ServerRequest(stream: request).message)
        }
    }

    private func answer(_ request: ServerRequest<Bench_V1_EchoRequest>) -> ServerResponse<Bench_V1_EchoResponse> {
        var response = Bench_V1_EchoResponse()
        response.payload = request.message.payload
        response.name = request.message.name
        return ServerResponse(message: response)
    }

    private func messages(_ request: Bench_V1_StreamRequest) -> StreamingServerResponse<Bench_V1_EchoResponse> {
        StreamingServerResponse { writer in
            var message = Bench_V1_EchoResponse()
            message.payload = Data(repeating: 0x78, count: Int(request.size))
            message.name = Self.name
            var sent: UInt32 = 0
            while request.count == 0 || sent < request.count {
                try await writer.write(message)
                sent &+= 1
            }
            return [:]
        }
    }
}
