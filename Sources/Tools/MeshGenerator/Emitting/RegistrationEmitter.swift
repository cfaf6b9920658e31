/// Makes a `ServiceDefinition` of a handler.
struct RegistrationEmitter {
    var service: ProtoService
    var namespace: String

    func write(to writer: inout SourceWriter) {
        writer.block("extension ServiceDefinition") { writer in
            writer.line("/// `\(service.fullName)`, served by `handler`.")
            let name = SwiftNames.method(service.name)
            writer.block("public static func \(name)(_ handler: some \(namespace).\(service.name)Handler) -> ServiceDefinition") { writer in
                writer.line("ServiceDefinition(")
                writer.indented { writer in
                    writer.line("name: \(literal(service.fullName)),")
                    writer.line("methods: [")
                    writer.indented { writer in
                        for method in service.methods { write(method, to: &writer) }
                    }
                    writer.line("])")
                }
            }
        }
    }

    private func write(_ method: ProtoMethod, to writer: inout SourceWriter) {
        let name = SwiftNames.method(method.name)
        let descriptor = "\(namespace).\(service.name)Methods.\(name)"
        let arguments = method.serverStreaming ? "$0, to: $1, context: $2" : "$0, context: $1"
        let handler = ".\(method.kind)(\(descriptor)) { try await handler.\(name)(\(arguments)) }"
        guard !method.clientStreaming, !method.serverStreaming else { return writer.line(handler + ",") }
        writer.line(handler + " run: { run in")
        writer.indented { writer in
            writer.line("while let (request, context) = run.next() {")
            writer.indented { writer in
                writer.line("do { try run.answer(try await handler.\(name)(request, context: context)) } catch { run.fail(error) }")
            }
            writer.line("}")
        }
        writer.line("},")
    }
}
