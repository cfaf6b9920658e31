/// How one field looks in Swift and how its value crosses to and from the C struct.
struct FieldCode {
    var field: ProtoField
    var types: TypeTable

    var swiftName: String { SwiftNames.field(field.name) }
    var cName: String { CNames.field(field.name) }
    var isRepeated: Bool { field.label == .repeated }

    private var entry: TypeTable.Entry { types[field.typeName] ?? TypeTable.Entry(swiftName: field.typeName, cName: field.typeName) }

    /// Of one value.
    var elementType: String {
        switch field.kind {
        case .double: "Double"
        case .float: "Float"
        case .int32, .sint32, .sfixed32: "Int32"
        case .int64, .sint64, .sfixed64: "Int64"
        case .uint32, .fixed32: "UInt32"
        case .uint64, .fixed64: "UInt64"
        case .bool: "Bool"
        case .string: "String"
        case .bytes: "[UInt8]"
        case .enum, .message, .group: entry.swiftName
        }
    }

    /// Of the property.
    var propertyType: String {
        if isRepeated { return "[\(elementType)]" }
        return field.kind == .message ? "\(elementType)?" : elementType
    }

    var defaultValue: String {
        if isRepeated { return "[]" }
        return switch field.kind {
        case .message, .group: "nil"
        case .enum: ".\(entry.zeroCase)"
        case .bool: "false"
        case .string: "\"\""
        case .bytes: "[]"
        default: "0"
        }
    }

    // MARK: - From C

    /// An expression for the property's value, `message` being a pointer to the C struct.
    var reading: String {
        let source = "message.pointee.\(escaped(cName))"
        guard isRepeated else {
            return field.kind == .message ? "\(source).map { \(elementType)(unpacked: $0) }" : element(source)
        }
        let count = "message.pointee.n_\(cName)"
        if field.kind == .message { return "CValue.messages(\(source), \(count))" }
        return isTrivial ? "CValue.numbers(\(source), \(count))" : "CValue.list(\(source), \(count)) { \(element("$0")) }"
    }

    /// Same for a member of a oneof, which is never nil here.
    var readingInOneof: String {
        field.kind == .message ? reading : element("message.pointee.\(escaped(cName))")
    }

    private func element(_ value: String) -> String {
        switch field.kind {
        case .bool: "\(value) != 0"
        case .string: "CValue.string(\(value))"
        case .bytes: "CValue.bytes(\(value))"
        case .enum: "\(elementType)(rawValue: \(entry.isSigned ? "\(value).rawValue" : "Int32(bitPattern: \(value).rawValue)"))"
        default: value
        }
    }

    /// Whether the C array holds what the Swift array holds.
    private var isTrivial: Bool {
        switch field.kind {
        case .bool, .string, .bytes, .enum, .message, .group: false
        default: true
        }
    }

    // MARK: - To C

    /// Statements that store `value` (a property, or what a oneof's case binds).
    func writing(_ value: String) -> [String] {
        let target = "message.pointee.\(escaped(cName))"
        guard isRepeated else { return ["\(target) = \(stored(value))"] }
        let list = "try arena.list(\(value)) { item throws(MessageError) in \(stored("item")) }"
        return ["message.pointee.n_\(cName) = \(value).count", "\(target) = \(list)"]
    }

    private func stored(_ value: String) -> String {
        switch field.kind {
        case .bool: "\(value) ? 1 : 0"
        case .string: "try arena.string(\(value), in: Self.self, \(field.number))"
        case .bytes: "try arena.bytes(\(value))"
        case .message: "try arena.message(\(value), as: \(entry.cName).self)"
        case .enum: "\(entry.cName)(rawValue: \(entry.isSigned ? "\(value).rawValue" : "UInt32(bitPattern: \(value).rawValue)"))"
        default: value
        }
    }

    private func escaped(_ name: String) -> String {
        ReservedWords.escapable.contains(name) || name == "self" || name == "init" ? "`\(name)`" : name
    }
}
