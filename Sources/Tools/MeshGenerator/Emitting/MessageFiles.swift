/// The Swift files of one `.proto`'s messages and enums: one for each that stands at the top.
struct MessageFiles {
    var file: ProtoFile
    var types: TypeTable
    var options: GeneratorOptions

    private var namespace: String { SwiftNames.namespace(ofPackage: file.package) }

    func files() -> [GeneratedFile] {
        file.enums.map(enumFile) + file.messages.map(messageFile)
    }

    private func enumFile(_ type: ProtoEnum) -> GeneratedFile {
        var writer = SourceWriter.file(from: file.name, imports: options.inRuntime ? [] : ["public import MeshMessages"])
        writer.block("extension \(namespace)") { EnumEmitter(type: type).write(to: &$0) }
        return generated(SwiftNames.enumeration(type.name), writer)
    }

    private func messageFile(_ message: ProtoMessage) -> GeneratedFile {
        var imports = options.cModule.map { ["internal import \($0)"] } ?? []
        if !options.inRuntime { imports.append("public import MeshMessages") }
        imports += options.imports.map { "public import \($0)" }
        var writer = SourceWriter.file(from: file.name, imports: imports)
        writer.block("extension \(namespace)") { MessageEmitter(message: message, types: types).write(to: &$0) }
        writeCoding(message, to: &writer)
        return generated(SwiftNames.message(message.name), writer)
    }

    private func writeCoding(_ message: ProtoMessage, to writer: inout SourceWriter) {
        writer.line()
        CodingEmitter(message: message, types: types).write(to: &writer)
        for nested in message.messages { writeCoding(nested, to: &writer) }
    }

    private func generated(_ name: String, _ writer: SourceWriter) -> GeneratedFile {
        GeneratedFile(name: "\(namespace)/\(namespace)+\(name).swift", content: writer.text)
    }
}
