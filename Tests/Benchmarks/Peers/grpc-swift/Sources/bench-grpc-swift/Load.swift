import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf

typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

/// The measured time, and the calls before it: those are not in the rate and the times, but in the total.
struct Load {
    static let warmUp: UInt64 = 500_000_000

    let from: UInt64
    let to: UInt64
    let options: CallOptions

    init(seconds: Double) {
        from = now() + Self.warmUp
        to = from + UInt64(seconds * 1e9)
        var options = CallOptions.defaults
        options.timeout = .seconds(Int(seconds) + 20)
        self.options = options
    }

    private func holds(_ time: UInt64) -> Bool { time >= from && time < to }

    /// Calls one after another.
    func calls(over client: Client) async -> Results {
        var results = Results()
        var began = now()
        while began < to, results.errors < 100 {
            if await !Self.echo(over: client, options: options) { results.errors += 1 }
            let ended = now()
            results.total += 1
            if holds(ended) {
                results.measured += 1
                results.times.add(ended - began)
            }
            began = ended
        }
        return results
    }

    /// Whether the answer is right.
    static func echo(over client: Client, options: CallOptions) async -> Bool {
        var request = Bench_V1_EchoRequest()
        request.payload = EchoService.payload
        request.name = EchoService.name
        do {
            let response = try await client.unary(
                request: ClientRequest(message: request), descriptor: EchoService.echo, serializer: ProtobufSerializer<Bench_V1_EchoRequest>(),
                deserializer: ProtobufDeserializer<Bench_V1_EchoResponse>(), options: options
            ) { try $0.message }
            return response.payload == EchoService.payload && response.name == EchoService.name
        } catch {
            FileHandle.standardError.write(Data("bench-grpc-swift: \(error)\n".utf8))
            return false
        }
    }

    /// One endless stream.
    func stream(over client: Client) async throws -> Results {
        var request = Bench_V1_StreamRequest()
        request.size = UInt32(EchoService.payload.count)
        return try await client.serverStreaming(
            request: ClientRequest(message: request), descriptor: EchoService.stream, serializer: ProtobufSerializer<Bench_V1_StreamRequest>(),
            deserializer: ProtobufDeserializer<Bench_V1_EchoResponse>(), options: options
        ) { response in
            var results = Results()
            for try await message in response.messages {
                let time = now()
                guard time < to else { return results }
                guard message.payload.count == EchoService.payload.count, message.name.utf8.count == EchoService.name.utf8.count else { break }
                results.total += 1
                if holds(time) { results.measured += 1 }
            }
            results.errors += 1
            return results
        }
    }
}
