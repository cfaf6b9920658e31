/// One value as it stands on the wire behind its tag.
enum WireValue {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// A string or bytes.
    case bytes([UInt8])
    /// Packed.
    case message([UInt8])

    var wireType: UInt8 {
        switch self {
        case .varint: WireType.varint
        case .fixed32: WireType.fixed32
        case .fixed64: WireType.fixed64
        case .bytes, .message: WireType.lengthPrefixed
        }
    }

    /// Whether a single field of it is left out. An empty message is not none; -0.0 is not 0.
    var isDefault: Bool {
        switch self {
        case .varint(let value): value == 0
        case .fixed32(let value): value == 0
        case .fixed64(let value): value == 0
        case .bytes(let value): value.isEmpty
        case .message: false
        }
    }

    func write(to writer: inout FieldWriter) {
        switch self {
        case .varint(let value): writer.varint(value)
        case .fixed32(let value): writer.fixed(value)
        case .fixed64(let value): writer.fixed(value)
        case .bytes(let value), .message(let value): writer.lengthPrefixed(value)
        }
    }
}
