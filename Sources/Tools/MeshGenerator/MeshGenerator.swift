/// protoc-gen-mesh: Swift messages over protobuf-c, client and server stubs, and the policy of every method.
public enum MeshGenerator {
    /// Answers one request of protoc.
    ///
    /// - Parameter request: a packed `google.protobuf.compiler.CodeGeneratorRequest`.
    /// - Returns: a packed `CodeGeneratorResponse`; what can't be generated is told in its `error`.
    public static func respond(to request: [UInt8]) -> [UInt8] {
        do throws(GeneratorError) {
            return CodeGeneratorResponse.packed(try files(for: try CodeGeneratorRequest(request)))
        } catch {
            return CodeGeneratorResponse.packed(error: error.description)
        }
    }

    static func files(for request: CodeGeneratorRequest) throws(GeneratorError) -> [GeneratedFile] {
        let options = try GeneratorOptions(parsing: request.parameter)
        let types = TypeTable(request.files)
        let chosen = request.files.filter { request.filesToGenerate.contains($0.name) }
        var output: [GeneratedFile] = []
        for file in chosen {
            if options.messages { try Checks.checkMessages(of: file, types) }
            if options.services { try Checks.checkServices(of: file, types) }
        }
        if options.messages {
            output += NamespaceEmitter.files(for: chosen, options)
            output += chosen.flatMap { MessageFiles(file: $0, types: types, options: options).files() }
        }
        if options.services {
            output += chosen.flatMap { ServiceFiles(file: $0, types: types, options: options).files() }
        }
        if let table = options.table {
            output.append(TableEmitter.file(named: table, for: chosen, options))
        }
        return output
    }
}
