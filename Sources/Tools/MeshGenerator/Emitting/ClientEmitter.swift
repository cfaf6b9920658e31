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
        let options = "options: CallOptions = CallOptions()"
        writer.list(
            "public func \(name)(", method.clientStreaming ? [options] : ["_ request: \(input)", options],
            ") async throws -> \(result(method, input, output)) {")
        writer.indented { writer in
            let request = method.clientStreaming ? "" : "request, "
            writer.line("try await channel.\(call(method))(\(service.name)Methods.\(name), \(request)options: options)")
        }
        writer.line("}")
    }

    private func result(_ method: ProtoMethod, _ input: String, _ output: String) -> String {
        switch (method.clientStreaming, method.serverStreaming) {
        case (false, false): output
        case (false, true): "MessageStream<\(output)>"
        case (true, false): "ClientStream<\(input), \(output)>"
        case (true, true): "BidirectionalStream<\(input), \(output)>"
        }
    }

    /// The typed function of `CallChannel`.
    private func call(_ method: ProtoMethod) -> String {
        switch (method.clientStreaming, method.serverStreaming) {
        case (false, false): "call"
        case (false, true): "stream"
        case (true, false): "clientStream"
        case (true, true): "bidirectionalStream"
        }
    }
}
