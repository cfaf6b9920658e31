/// The descriptors of a service's methods.
struct MethodsEmitter {
    var service: ProtoService

    func write(to writer: inout SourceWriter) {
        writer.line("/// The methods of `\(service.fullName)` and who may call them.")
        writer.block("public enum \(service.name)Methods") { writer in
            for method in service.methods {
                writer.documentation(method.comment)
                write(method, to: &writer)
                writer.line()
            }
            writer.list("public static let all: [MethodDescriptor] = [", service.methods.map { SwiftNames.method($0.name) }, "]")
        }
    }

    private func write(_ method: ProtoMethod, to writer: inout SourceWriter) {
        writer.line("public static let \(SwiftNames.method(method.name)) = MethodDescriptor(")
        writer.indented { writer in
            writer.line("service: \(literal(service.fullName)), name: \(literal(method.name)), kind: .\(method.kind),")
            writer.list("policy: MethodPolicy(", method.policy.map(PolicyCode.arguments) ?? [], "))")
        }
    }
}
