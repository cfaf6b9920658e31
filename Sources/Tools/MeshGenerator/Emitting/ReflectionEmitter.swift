/// What programs learn of a service at run time: its methods with the layouts of their messages.
struct ReflectionEmitter {
    var service: ProtoService
    var types: TypeTable

    static func name(of service: ProtoService) -> String {
        SwiftNames.lowerCamel(service.name) + "Reflection"
    }

    func write(to writer: inout SourceWriter) {
        writer.line("/// `\(service.fullName)` for programs that know it at run time only.")
        writer.line("public static let \(Self.name(of: service)) = ServiceReflection(")
        writer.indented { writer in
            writer.line("name: \(literal(service.fullName)),")
            writer.line("methods: [")
            writer.indented { writer in
                for method in service.methods { write(method, to: &writer) }
            }
            writer.line("])")
        }
    }

    private func write(_ method: ProtoMethod, to writer: inout SourceWriter) {
        let descriptor = "\(service.name)Methods.\(SwiftNames.method(method.name))"
        let input = types[method.input]?.swiftName ?? method.input
        let output = types[method.output]?.swiftName ?? method.output
        writer.line("MethodReflection(\(descriptor), request: \(input).layout, response: \(output).layout),")
    }
}
