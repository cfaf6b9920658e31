/// A message as a Swift struct: its properties, its oneofs and its initialisers.
struct MessageEmitter {
    var message: ProtoMessage
    var types: TypeTable

    /// What a person sets: a field, or a oneof with its fields.
    struct Member {
        var name: String
        var type: String
        var defaultValue: String
        var comment: String
    }

    func write(to writer: inout SourceWriter) {
        writer.documentation(message.comment)
        writer.block("public struct \(SwiftNames.message(message.name)): MeshMessage") { writer in
            writeNested(to: &writer)
            writeProperties(to: &writer)
            writeInitializers(to: &writer)
        }
    }

    private func writeNested(to writer: inout SourceWriter) {
        for type in message.enums {
            EnumEmitter(type: type).write(to: &writer)
            writer.line()
        }
        for nested in message.messages {
            MessageEmitter(message: nested, types: types).write(to: &writer)
            writer.line()
        }
        for (index, oneof) in message.oneofs.enumerated() {
            writeOneof(oneof, fields: message.fields.filter { $0.oneof == index }, to: &writer)
            writer.line()
        }
    }

    private func writeOneof(_ oneof: ProtoOneof, fields: [ProtoField], to writer: inout SourceWriter) {
        writer.documentation(oneof.comment)
        writer.block("public enum \(Self.oneofType(oneof)): Sendable, Equatable") { writer in
            for field in fields {
                writer.documentation(field.comment)
                writer.line("case \(SwiftNames.field(field.name))(\(FieldCode(field: field, types: types).elementType))")
            }
        }
    }

    static func oneofType(_ oneof: ProtoOneof) -> String {
        SwiftNames.enumeration(SwiftNames.upperCamel(oneof.name))
    }

    /// In the order of the file; a oneof stands where its first field stands.
    private var members: [Member] {
        var seen: Set<Int> = []
        return message.fields.compactMap { field in
            guard let index = field.oneof else {
                let code = FieldCode(field: field, types: types)
                return Member(name: code.swiftName, type: code.propertyType, defaultValue: code.defaultValue, comment: field.comment)
            }
            guard seen.insert(index).inserted else { return nil }
            let oneof = message.oneofs[index]
            return Member(
                name: SwiftNames.field(oneof.name), type: "\(Self.oneofType(oneof))?", defaultValue: "nil", comment: oneof.comment)
        }
    }

    private func writeProperties(to writer: inout SourceWriter) {
        for member in members {
            writer.documentation(member.comment)
            let value = member.defaultValue == "nil" ? "" : " = \(member.defaultValue)"
            writer.line("public var \(member.name): \(member.type)\(value)")
        }
        if !members.isEmpty { writer.line() }
    }

    private func writeInitializers(to writer: inout SourceWriter) {
        writer.line("public init() {}")
        guard !members.isEmpty else { return }
        writer.line()
        writer.list("public init(", members.map { "\($0.name): \($0.type) = \($0.defaultValue)" }, ") {")
        writer.indented { writer in
            for member in members { writer.line("self.\(member.name) = \(member.name)") }
        }
        writer.line("}")
    }
}
