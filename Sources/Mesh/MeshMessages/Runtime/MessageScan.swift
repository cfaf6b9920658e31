internal import CMessages
internal import CProtobufC

/// Walks packed bytes by protoc-c's tables before protobuf-c gets them: depth, counts, types, UTF-8.
///
/// protobuf-c 1.4 recurses as deep as the input says, merges repeated embedded messages in quadratic time, and takes any
/// bytes for a string. After this scan it sees nothing of the kind.
struct MessageScan {
    private typealias Descriptor = UnsafePointer<ProtobufCMessageDescriptor>
    // Pointers throughout: a descriptor is large, and copying one takes longer than reading a small field.
    private typealias Field = UnsafePointer<ProtobufCFieldDescriptor>

    private var values = 0
    private var unknownFields = 0

    static func check(_ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout) throws(MessageError) {
        guard bytes.count <= MessageLimits.maxBytes else {
            throw MessageError(.tooLong, in: layout.fullName)
        }
        var scan = MessageScan()
        try scan.message(bytes, layout.descriptor, depth: 1)
    }

    private mutating func message(_ bytes: UnsafeRawBufferPointer, _ type: Descriptor, depth: Int) throws(MessageError) {
        guard depth <= MessageLimits.maxDepth else { throw Self.error(.tooDeep, type) }
        var reader = WireReader(bytes)
        var seen = FieldSet()
        while !reader.isAtEnd {
            let tag = try Self.tag(&reader, type)
            try count(1, type, tag.field)
            if let index = Self.index(of: tag.field, in: type), let fields = type.pointee.fields {
                try known(fields + index, index, tag.wireType, &reader, type, &seen, depth: depth)
            } else {
                try unknown(tag, &reader, type)
            }
        }
    }

    @inline(__always)
    private static func tag(_ reader: inout WireReader, _ type: Descriptor) throws(MessageError) -> (field: UInt32, wireType: UInt8) {
        do {
            return try reader.tag()
        } catch {
            throw Self.error(error, type)
        }
    }

    // MARK: - Fields

    private mutating func known(
        _ field: Field, _ index: Int, _ wireType: UInt8, _ reader: inout WireReader, _ type: Descriptor, _ seen: inout FieldSet, depth: Int
    ) throws(MessageError) {
        let expected = field.pointee.wireType
        if wireType == WireType.lengthPrefixed, expected != wireType, field.pointee.label == PROTOBUF_C_LABEL_REPEATED {
            return try packedList(try content(&reader, type, field), field, type)
        }
        guard wireType == expected else { throw Self.error(.wireTypeMismatch, type, field.pointee.id) }
        guard wireType == WireType.lengthPrefixed else { return try number(wireType, &reader, type, field.pointee.id) }
        let content = try content(&reader, type, field)
        switch field.pointee.type {
        case PROTOBUF_C_TYPE_STRING: try Self.checkText(content, type, field.pointee.id)
        case PROTOBUF_C_TYPE_MESSAGE: try nested(content, field, index, type, &seen, depth: depth)
        default: break
        }
    }

    @inline(__always)
    private func content(_ reader: inout WireReader, _ type: Descriptor, _ field: Field) throws(MessageError) -> UnsafeRawBufferPointer {
        do {
            return try reader.lengthPrefixed()
        } catch {
            throw Self.error(error, type, field.pointee.id)
        }
    }

    private mutating func nested(
        _ content: UnsafeRawBufferPointer, _ field: Field, _ index: Int, _ type: Descriptor, _ seen: inout FieldSet, depth: Int
    ) throws(MessageError) {
        if field.pointee.label != PROTOBUF_C_LABEL_REPEATED, !seen.insert(index) { throw Self.error(.duplicateField, type, field.pointee.id) }
        guard let nested = field.pointee.descriptor?.assumingMemoryBound(to: ProtobufCMessageDescriptor.self) else {
            throw Self.error(.refused, type, field.pointee.id)
        }
        try message(content, nested, depth: depth + 1)
    }

    private mutating func unknown(
        _ tag: (field: UInt32, wireType: UInt8), _ reader: inout WireReader, _ type: Descriptor
    ) throws(MessageError) {
        unknownFields += 1
        guard unknownFields <= MessageLimits.maxUnknownFields else { throw Self.error(.tooManyUnknownFields, type, tag.field) }
        guard tag.wireType == WireType.lengthPrefixed else { return try number(tag.wireType, &reader, type, tag.field) }
        _ = try Self.reading(type, tag.field) { () throws(MessageError.Reason) in try reader.lengthPrefixed() }
    }

    private func number(
        _ wireType: UInt8, _ reader: inout WireReader, _ type: Descriptor, _ field: UInt32
    ) throws(MessageError) {
        try Self.reading(type, field) { () throws(MessageError.Reason) in
            switch wireType {
            case WireType.varint: _ = try reader.varint()
            case WireType.fixed64: _ = try reader.take(8)
            case WireType.fixed32: _ = try reader.take(4)
            default: break
            }
        }
        guard WireType.supported.contains(wireType) else { throw Self.error(.unsupportedWireType, type, field) }
    }

    private mutating func packedList(
        _ content: UnsafeRawBufferPointer, _ field: Field, _ type: Descriptor
    ) throws(MessageError) {
        var reader = WireReader(content)
        while !reader.isAtEnd {
            try count(1, type, field.pointee.id)
            try number(field.pointee.wireType, &reader, type, field.pointee.id)
        }
    }

    @inline(__always)
    private mutating func count(_ number: Int, _ type: Descriptor, _ field: UInt32) throws(MessageError) {
        values += number
        guard values <= MessageLimits.maxValues else { throw Self.error(.tooManyValues, type, field) }
    }

    // MARK: - Help

    private static func checkText(_ text: UnsafeRawBufferPointer, _ type: Descriptor, _ field: UInt32) throws(MessageError) {
        if text.isPlainText { return }
        guard !text.holdsNUL else { throw error(.embeddedNUL, type, field) }
        do {
            _ = try UTF8Span(validating: text.assumingMemoryBound(to: UInt8.self).span)
        } catch {
            throw Self.error(.invalidUTF8, type, field)
        }
    }

    /// Fields are sorted by number and mostly 1, 2, 3, …: the guess hits nearly always.
    static func index(of number: UInt32, in type: UnsafePointer<ProtobufCMessageDescriptor>) -> Int? {
        let count = Int(type.pointee.n_fields)
        guard let fields = type.pointee.fields else { return nil }
        let guess = Int(number) - 1
        if guess < count, fields[guess].id == number { return guess }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if fields[middle].id < number { low = middle + 1 } else { high = middle }
        }
        return low < count && fields[low].id == number ? low : nil
    }

    private static func reading<Value>(
        _ type: Descriptor, _ field: UInt32?, _ body: () throws(MessageError.Reason) -> Value
    ) throws(MessageError) -> Value {
        do {
            return try body()
        } catch {
            throw Self.error(error, type, field)
        }
    }

    @inline(never)
    private static func error(_ reason: MessageError.Reason, _ type: Descriptor, _ field: UInt32? = nil) -> MessageError {
        MessageError(reason, in: String(cString: type.pointee.name), field: field)
    }
}
