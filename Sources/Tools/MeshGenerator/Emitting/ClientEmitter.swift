/// What callers of a service hold.
struct ClientEmitter {
    var service: ProtoService
    var types: TypeTable

    func write(to writer: inout SourceWriter) {
        writer.line("/// Calls `\(service.fullName)`. Every method throws `RPCError`.")
        writer.block("public struct \(service.name)Client: Sendable") { writer in
            writer.line("private let channel: any CallChannel")
            writer.line()
            writer.block("public init(_ channel: any CallChannel)") { $0.line("self.channel = channel") }
            for method in service.methods {
                writer.line()
                writer.documentation(method.comment)
                write(method, to: &writer)
            }
        }
    }

    private func write(_ method: ProtoMethod, to writer: inout SourceWriter) {
        let name = SwiftNames.method(method.name)
        let input = types[method.input]?.swiftName ?? method.input
        let output = types[method.output]?.swiftName ?? method.output
        let result = method.serverStreaming ? "MessageStream<\(output)>" : output
        writer.list(
            "public func \(name)(", ["_ request: \(input)", "options: CallOptions = CallOptions()"], ") async throws -> \(result) {")
        writer.indented { writer in
            let call = method.serverStreaming ? "stream" : "call"
            writer.line("try await channel.\(call)(\(service.name)Methods.\(name), request, options: options)")
        }
        writer.line("}")
    }
}
