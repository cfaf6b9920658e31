internal import CMessages
internal import CProtobufC

/// A field of a message, as protoc-c's tables describe it.
public struct FieldLayout: @unchecked Sendable {
    // Unchecked: it points at constant data of the program.
    let descriptor: UnsafePointer<ProtobufCFieldDescriptor>

    /// What a value of the field is.
    public enum Kind: Sendable {
        case scalar(ScalarKind)
        case enumeration(EnumLayout)
        case message(MessageLayout)
    }

    /// As the `.proto` spells it: `user_id`.
    public var name: String { String(cString: descriptor.pointee.name) }
    /// As JSON spells it: `userId`. A `json_name` option isn't in protoc-c's tables and is refused by protoc-gen-mesh.
    public var jsonName: String { Self.jsonName(of: name) }
    /// As the `.proto` numbers it.
    public var number: UInt32 { descriptor.pointee.id }
    public var isRepeated: Bool { descriptor.pointee.label == PROTOBUF_C_LABEL_REPEATED }

    /// Which oneof of its message it belongs to; nil for none. protoc-c keeps no name of it: the number tells one from another.
    public var oneof: UInt32? {
        descriptor.pointee.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0 ? UInt32(descriptor.pointee.quantifier_offset) : nil
    }

    /// Whether a list of numbers is written as one packed field.
    var isPacked: Bool { descriptor.pointee.flags & PROTOBUF_C_FIELD_FLAG_PACKED.rawValue != 0 }

    /// Each list element's, of a repeated field. nil for a type that proto3 and this runtime don't have.
    public var kind: Kind? {
        let type = descriptor.pointee.type
        if let scalar = Self.scalars[type.rawValue] { return .scalar(scalar) }
        guard let descriptor = descriptor.pointee.descriptor else { return nil }
        switch type {
        case PROTOBUF_C_TYPE_ENUM: return .enumeration(EnumLayout(descriptor.assumingMemoryBound(to: ProtobufCEnumDescriptor.self)))
        case PROTOBUF_C_TYPE_MESSAGE: return .message(MessageLayout(descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
        default: return nil
        }
    }

    private static let scalars: [UInt32: ScalarKind] = [
        PROTOBUF_C_TYPE_DOUBLE.rawValue: .double, PROTOBUF_C_TYPE_FLOAT.rawValue: .float, PROTOBUF_C_TYPE_INT32.rawValue: .int32,
        PROTOBUF_C_TYPE_INT64.rawValue: .int64, PROTOBUF_C_TYPE_UINT32.rawValue: .uint32, PROTOBUF_C_TYPE_UINT64.rawValue: .uint64,
        PROTOBUF_C_TYPE_SINT32.rawValue: .sint32, PROTOBUF_C_TYPE_SINT64.rawValue: .sint64, PROTOBUF_C_TYPE_FIXED32.rawValue: .fixed32,
        PROTOBUF_C_TYPE_FIXED64.rawValue: .fixed64, PROTOBUF_C_TYPE_SFIXED32.rawValue: .sfixed32,
        PROTOBUF_C_TYPE_SFIXED64.rawValue: .sfixed64, PROTOBUF_C_TYPE_BOOL.rawValue: .bool, PROTOBUF_C_TYPE_STRING.rawValue: .string,
        PROTOBUF_C_TYPE_BYTES.rawValue: .bytes,
    ]

    /// protoc's rule: underscores go, and the letter behind one is upper case.
    static func jsonName(of name: String) -> String {
        var (result, isAfterUnderscore) = ("", false)
        for character in name {
            if character != "_" { result += isAfterUnderscore ? character.uppercased() : String(character) }
            isAfterUnderscore = character == "_"
        }
        return result
    }
}

/// Field types that are neither messages nor enums, as the `.proto` spells them.
public enum ScalarKind: String, Sendable {
    case double, float, int32, int64, uint32, uint64, sint32, sint64, fixed32, fixed64, sfixed32, sfixed64, bool, string, bytes
}

extension FieldLayout.Kind: CustomStringConvertible {
    /// As the `.proto` spells it, messages and enums by full name.
    public var description: String {
        switch self {
        case .scalar(let scalar): scalar.rawValue
        case .enumeration(let layout): layout.fullName
        case .message(let layout): layout.fullName
        }
    }
}
