internal import CMessages
internal import CProtobufC

/// Wire types by number; 3 and 4 are groups, which proto3 doesn't have.
enum WireType {
    static let varint: UInt8 = 0
    static let fixed64: UInt8 = 1
    static let lengthPrefixed: UInt8 = 2
    static let fixed32: UInt8 = 5
    static let supported: [UInt8] = [varint, fixed64, lengthPrefixed, fixed32]
}

extension ProtobufCFieldDescriptor {
    /// Of one value, outside a packed list.
    var wireType: UInt8 {
        switch type {
        case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: WireType.lengthPrefixed
        case PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FLOAT: WireType.fixed32
        case PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE: WireType.fixed64
        default: WireType.varint
        }
    }

    /// Whether a list of them can be packed.
    var isNumber: Bool { wireType != WireType.lengthPrefixed }
}
