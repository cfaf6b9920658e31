internal import CMessages
internal import CProtobufC

/// One value of a field, as it stands in the packed message.
enum WireSlice {
    /// Of numbers; 32-bit ones in the lower half.
    case number(UInt64)
    case bytes(UnsafeRawBufferPointer)

    var number: UInt64 {
        if case .number(let value) = self { value } else { 0 }
    }

    var bytes: UnsafeRawBufferPointer {
        if case .bytes(let bytes) = self { bytes } else { UnsafeRawBufferPointer(start: nil, count: 0) }
    }

    func isDefault(_ kind: FieldLayout.Kind) -> Bool {
        switch self {
        case .bytes(let bytes): return bytes.isEmpty
        case .number(let value):
            // An enum and the 32-bit integers are their varint's lower half.
            switch kind {
            case .enumeration, .scalar(.int32), .scalar(.uint32), .scalar(.sint32): return UInt32(truncatingIfNeeded: value) == 0
            default: return value == 0
            }
        }
    }
}

/// A packed message taken apart: for each field what counts of it. Of a single field that stands more than once that is the last,
/// and of a oneof the last member.
enum FieldValues {
    static func read(
        _ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout, _ fields: [FieldLayout]
    ) throws(MessageError) -> [[WireSlice]] {
        do {
            return try values(bytes, layout, fields)
        } catch {
            throw MessageError(error, in: layout.fullName)
        }
    }

    private static func values(
        _ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout, _ fields: [FieldLayout]
    ) throws(MessageError.Reason) -> [[WireSlice]] {
        var result = [[WireSlice]](repeating: [], count: fields.count)
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            let tag = try reader.tag()
            let value = try one(tag.wireType, &reader)
            guard let index = MessageScan.index(of: tag.field, in: layout.descriptor) else { continue }
            let field = fields[index]
            if field.isRepeated {
                result[index] += try elements(value, of: field)
            } else {
                if let oneof = field.oneof { forget(oneof, fields, &result) }
                result[index] = [value]
            }
        }
        return result
    }

    private static func forget(_ oneof: UInt32, _ fields: [FieldLayout], _ values: inout [[WireSlice]]) {
        for (index, field) in fields.enumerated() where field.oneof == oneof { values[index] = [] }
    }

    /// A list's part: one element, or several packed ones.
    private static func elements(_ value: WireSlice, of field: FieldLayout) throws(MessageError.Reason) -> [WireSlice] {
        guard case .bytes(let packed) = value, field.descriptor.pointee.isNumber else { return [value] }
        var (elements, reader) = ([WireSlice](), WireReader(packed))
        while !reader.isAtEnd { elements.append(try one(field.descriptor.pointee.wireType, &reader)) }
        return elements
    }

    private static func one(_ wireType: UInt8, _ reader: inout WireReader) throws(MessageError.Reason) -> WireSlice {
        switch wireType {
        case WireType.varint: .number(try reader.varint())
        case WireType.fixed64: .number(try reader.take(8).loadUnaligned(as: UInt64.self).littleEndian)
        case WireType.fixed32: .number(UInt64(try reader.take(4).loadUnaligned(as: UInt32.self).littleEndian))
        case WireType.lengthPrefixed: .bytes(try reader.lengthPrefixed())
        default: throw .unsupportedWireType
        }
    }
}
