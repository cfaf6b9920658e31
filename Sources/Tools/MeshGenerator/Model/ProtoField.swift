struct ProtoField {
    /// descriptor.proto's numbers.
    enum Kind: Int32 {
        case double = 1
        case float, int64, uint64, int32, fixed64, fixed32, bool, string, group, message, bytes, uint32
        case `enum`, sfixed32, sfixed64, sint32, sint64
    }

    enum Label: Int32 {
        case optional = 1
        case required, repeated
    }

    var name: String
    var number: Int32
    var kind: Kind
    var label: Label
    /// Of messages and enums: full name without a leading dot.
    var typeName: String
    /// Index into the message's oneofs.
    var oneof: Int?
    /// As protoc gives it; empty from a protoc that doesn't.
    var jsonName: String
    var isProto3Optional: Bool
    var comment: String
}
