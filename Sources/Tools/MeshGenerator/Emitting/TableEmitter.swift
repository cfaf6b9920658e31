/// Every method of every service of one generation, for tests that walk the policy.
enum TableEmitter {
    static func file(named name: String, for files: [ProtoFile], _ options: GeneratorOptions) -> GeneratedFile {
        let lists = files.flatMap { file in
            file.services.map { "\(SwiftNames.namespace(ofPackage: file.package)).\($0.name)Methods.all" }
        }
        let services = files.flatMap { file in
            file.services.map { "\(SwiftNames.namespace(ofPackage: file.package)).\(ReflectionEmitter.name(of: $0))" }
        }
        let sources = "\(files.filter { !$0.services.isEmpty }.count) files"
        var writer = SourceWriter.file(from: sources, imports: options.inCalls ? [] : ["public import MeshCall"])
        writer.line("/// Every generated service, and every generated method with its policy.")
        writer.block("public enum \(name)") { writer in
            writer.list("public static let all: [MethodDescriptor] = [", lists, "].flatMap { $0 }")
            writer.list("public static let services: [ServiceReflection] = [", services, "]")
        }
        return GeneratedFile(name: "\(name).swift", content: writer.text)
    }
}
