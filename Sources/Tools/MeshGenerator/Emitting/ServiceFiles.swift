/// The Swift file of each service: its methods with their policies, the handler's protocol, the client, the registration.
struct ServiceFiles {
    var file: ProtoFile
    var types: TypeTable
    var options: GeneratorOptions

    private var namespace: String { SwiftNames.namespace(ofPackage: file.package) }

    func files() -> [GeneratedFile] {
        file.services.map { service in
            var writer = SourceWriter.file(from: file.name, imports: imports)
            writer.block("extension \(namespace)") { writer in
                MethodsEmitter(service: service).write(to: &writer)
                writer.line()
                HandlerEmitter(service: service, types: types).write(to: &writer)
                writer.line()
                ClientEmitter(service: service, types: types).write(to: &writer)
                writer.line()
                ReflectionEmitter(service: service, types: types).write(to: &writer)
            }
            writer.line()
            RegistrationEmitter(service: service, namespace: namespace).write(to: &writer)
            return GeneratedFile(name: "\(namespace)/\(namespace)+\(service.name)Service.swift", content: writer.text)
        }
    }

    private var imports: [String] {
        var modules = options.imports
        if !options.inCalls { modules.append("MeshCall") }
        return Set(modules).sorted().map { "public import \($0)" }
    }
}
