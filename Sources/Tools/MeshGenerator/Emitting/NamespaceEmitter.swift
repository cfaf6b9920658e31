/// One empty enum a package, for its types to stand in.
enum NamespaceEmitter {
    static func files(for files: [ProtoFile], _ options: GeneratorOptions) -> [GeneratedFile] {
        var seen: Set<String> = []
        return files.filter { !$0.messages.isEmpty || !$0.enums.isEmpty }.filter { seen.insert($0.package).inserted }.map { file in
            let name = SwiftNames.namespace(ofPackage: file.package)
            var writer = SourceWriter.file(from: file.name, imports: [])
            writer.line("/// The proto package `\(file.package)`.")
            writer.line("public enum \(name) {}")
            return GeneratedFile(name: "\(name)/\(name).swift", content: writer.text)
        }
    }
}
