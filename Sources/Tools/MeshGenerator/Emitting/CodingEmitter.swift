/// The part of a message that knows protoc-c's struct: reading it and filling it.
struct CodingEmitter {
    var message: ProtoMessage
    var types: TypeTable

    private var cType: String { CNames.type(message.fullName) }
    private var swiftType: String { types[message.fullName]?.swiftName ?? message.name }
    private var plainFields: [FieldCode] { message.fields.filter { $0.oneof == nil }.map { FieldCode(field: $0, types: types) } }

    func write(to writer: inout SourceWriter) {
        writer.block("extension \(swiftType)") { writer in
            writer.line("public static var fullName: String { \(literal(message.fullName)) }")
            writer.line("public static let layout = MessageLayout(of: \(cType).self, \(CNames.initializer(message.fullName)))")
            writer.line()
            writeReading(to: &writer)
            writer.line()
            writeFilling(to: &writer)
        }
    }

    private func writeReading(to writer: inout SourceWriter) {
        guard !message.fields.isEmpty else { return writer.line("public init(unpacked: UnsafeRawPointer) {}") }
        writer.block("public init(unpacked: UnsafeRawPointer)") { writer in
            writer.line("let message = unpacked.assumingMemoryBound(to: \(cType).self)")
            for code in plainFields { writer.line("self.\(code.swiftName) = \(code.reading)") }
            for (index, oneof) in message.oneofs.enumerated() { writeOneofReading(index, oneof, to: &writer) }
        }
    }

    private func writeOneofReading(_ index: Int, _ oneof: ProtoOneof, to writer: inout SourceWriter) {
        let name = SwiftNames.field(oneof.name)
        writer.line("switch message.pointee.\(CNames.oneofCase(oneof.name)).rawValue {")
        for field in message.fields where field.oneof == index {
            let code = FieldCode(field: field, types: types)
            let value =
                field.kind == .message
                ? "message.pointee.\(code.cName).map { .\(code.swiftName)(\(code.elementType)(unpacked: $0)) }"
                : ".\(code.swiftName)(\(code.readingInOneof))"
            writer.line("case \(field.number): self.\(name) = \(value)")
        }
        writer.line("default: self.\(name) = nil")
        writer.line("}")
    }

    private func writeFilling(to writer: inout SourceWriter) {
        let head = "public func fill(_ memory: UnsafeMutableRawPointer, _ arena: MessageArena) throws(MessageError)"
        guard !message.fields.isEmpty else { return writer.line(head + " {}") }
        writer.block(head) { writer in
            writer.line("let message = memory.assumingMemoryBound(to: \(cType).self)")
            for code in plainFields { writePlainFilling(code, to: &writer) }
            for (index, oneof) in message.oneofs.enumerated() { writeOneofFilling(index, oneof, to: &writer) }
        }
    }

    private func writePlainFilling(_ code: FieldCode, to writer: inout SourceWriter) {
        guard code.field.kind == .message, !code.isRepeated else {
            for statement in code.writing("self.\(code.swiftName)") { writer.line(statement) }
            return
        }
        writer.block("if let value = self.\(code.swiftName)") { writer in
            for statement in code.writing("value") { writer.line(statement) }
        }
    }

    private func writeOneofFilling(_ index: Int, _ oneof: ProtoOneof, to writer: inout SourceWriter) {
        writer.line("switch self.\(SwiftNames.field(oneof.name)) {")
        for field in message.fields where field.oneof == index {
            let code = FieldCode(field: field, types: types)
            writer.line("case .\(code.swiftName)(let value):")
            writer.indented { writer in
                writer.line("message.pointee.\(CNames.oneofCase(oneof.name)) = .init(rawValue: \(field.number))")
                for statement in code.writing("value") { writer.line(statement) }
            }
        }
        writer.line("case nil: break")
        writer.line("}")
    }
}
