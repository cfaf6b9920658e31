/// The repeated `mesh.v1.KeyValue` of a Request, a Response or HEADERS, as bytes.
package enum MetadataFields {
    private static let keyTag: UInt64 = 0x0a
    private static let valueTag: UInt64 = 0x12

    private static func entrySize(_ entry: (key: String, value: String)) -> Int {
        (entry.key.isEmpty ? 0 : WireWriter.fieldSize(tag: keyTag, content: entry.key.utf8.count))
            + (entry.value.isEmpty ? 0 : WireWriter.fieldSize(tag: valueTag, content: entry.value.utf8.count))
    }

    static func size(_ entries: [(key: String, value: String)], tag: UInt64) -> Int {
        entries.reduce(0) { $0 + WireWriter.fieldSize(tag: tag, content: entrySize($1)) }
    }

    static func write(_ entries: [(key: String, value: String)], tag: UInt64, to writer: inout WireWriter) {
        for entry in entries {
            writer.varint(tag)
            writer.varint(UInt64(entrySize(entry)))
            write(entry.key, keyTag, &writer)
            write(entry.value, valueTag, &writer)
        }
    }

    private static func write(_ text: String, _ tag: UInt64, _ writer: inout WireWriter) {
        guard !text.isEmpty else { return }
        writer.varint(tag)
        writer.varint(UInt64(text.utf8.count))
        writer.text(text)
    }

    /// One packed `KeyValue`.
    ///
    /// - Parameter unknownFields: of the whole message so far; those here are added.
    static func entry(_ bytes: UnsafeRawBufferPointer, _ unknownFields: inout Int) throws(MessageError.Reason) -> (key: String, value: String) {
        var entry = (key: "", value: "")
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            switch try reader.tag() {
            case (1, WireType.lengthPrefixed): entry.key = try text(reader.lengthPrefixed())
            case (2, WireType.lengthPrefixed): entry.value = try text(reader.lengthPrefixed())
            case (let field, let type):
                unknownFields += 1
                guard unknownFields <= MessageLimits.maxUnknownFields else { throw .tooManyUnknownFields }
                try reader.skip(type, isKnown: field <= 2)
            }
        }
        return entry
    }

    static func text(_ bytes: UnsafeRawBufferPointer) throws(MessageError.Reason) -> String {
        guard !bytes.contains(0) else { throw .embeddedNUL }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalidUTF8 }
        return text
    }
}

extension WireReader {
    /// Passes over a value.
    ///
    /// - Parameter isKnown: the field has another type than this one.
    mutating func skip(_ type: UInt8, isKnown: Bool) throws(MessageError.Reason) {
        guard WireType.supported.contains(type) else { throw .unsupportedWireType }
        guard !isKnown else { throw .wireTypeMismatch }
        switch type {
        case WireType.varint: _ = try varint()
        case WireType.fixed64: _ = try take(8)
        case WireType.fixed32: _ = try take(4)
        default: _ = try lengthPrefixed()
        }
    }
}
