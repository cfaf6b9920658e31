/// What a service's code implements.
struct HandlerEmitter {
    var service: ProtoService
    var types: TypeTable

    func write(to writer: inout SourceWriter) {
        writer.documentation(service.comment)
        writer.block("public protocol \(service.name)Handler: Sendable") { writer in
            for method in service.methods {
                writer.documentation(method.comment)
                writer.line(signature(method))
            }
        }
    }

    private func signature(_ method: ProtoMethod) -> String {
        let name = SwiftNames.method(method.name)
        let input = types[method.input]?.swiftName ?? method.input
        let output = types[method.output]?.swiftName ?? method.output
        let taken = method.clientStreaming ? "_ requests: RequestStream<\(input)>" : "_ request: \(input)"
        return method.serverStreaming
            ? "nonisolated(nonsending) func \(name)(\(taken), to writer: ResponseWriter<\(output)>, context: ServerContext) async throws"
            : "nonisolated(nonsending) func \(name)(\(taken), context: ServerContext) async throws -> \(output)"
    }
}
