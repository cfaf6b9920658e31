/// An enum that keeps numbers it does not know.
struct EnumEmitter {
    var type: ProtoEnum

    private var distinct: [(name: String, value: ProtoEnum.Value)] {
        var seen: Set<Int32> = []
        return type.values.filter { seen.insert($0.number).inserted }.map { (SwiftNames.enumCase($0.name, of: type.name), $0) }
    }

    func write(to writer: inout SourceWriter) {
        writer.documentation(type.comment)
        writer.block("public enum \(SwiftNames.enumeration(type.name)): MeshEnum") { writer in
            writeCases(to: &writer)
            writer.line()
            writeAliases(to: &writer)
            writeRawValue(to: &writer)
            writer.line()
            writer.list("public static let known: [Self] = [", distinct.map { ".\($0.name)" }, "]")
        }
    }

    private func writeCases(to writer: inout SourceWriter) {
        for (name, value) in distinct {
            writer.documentation(value.comment)
            writer.line("case \(name)")
        }
        writer.line("/// A number without a name in this version of the file.")
        writer.line("case unrecognized(Int32)")
    }

    private func writeAliases(to writer: inout SourceWriter) {
        let names = Dictionary(distinct.map { ($0.value.number, $0.name) }, uniquingKeysWith: { first, _ in first })
        let kept = Set(distinct.map(\.value.name))
        for value in type.values where !kept.contains(value.name) {
            let alias = SwiftNames.enumCase(value.name, of: type.name)
            guard let name = names[value.number], alias != name else { continue }
            writer.documentation(value.comment)
            writer.line("public static var \(alias): Self { .\(name) }")
            writer.line()
        }
    }

    private func writeRawValue(to writer: inout SourceWriter) {
        writer.block("public init(rawValue: Int32)") { writer in
            writer.line("switch rawValue {")
            for (name, value) in distinct { writer.line("case \(value.number): self = .\(name)") }
            writer.line("default: self = .unrecognized(rawValue)")
            writer.line("}")
        }
        writer.line()
        writer.block("public var rawValue: Int32") { writer in
            writer.line("switch self {")
            for (name, value) in distinct { writer.line("case .\(name): \(value.number)") }
            writer.line("case .unrecognized(let value): value")
            writer.line("}")
        }
    }
}
