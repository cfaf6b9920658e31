/// The data of a Request frame, read where it lies: `mesh.v1.Request` without a copy of its message.
///
/// Every call has one around its message, which protobuf-c unpacks. Reading the envelope the same way would copy the message once more
/// and make strings of names that are only compared. Tests hold it against protobuf-c's reading of the same bytes.
/// The pointers are good as long as the bytes are.
package struct RequestEnvelope {
    /// Full proto name, not checked for UTF-8.
    package private(set) var service = Self.empty
    package private(set) var method = Self.empty
    /// The packed message.
    package private(set) var payload = Self.empty
    /// Time left to the caller in nanoseconds; 0 means that it set none.
    package private(set) var timeoutNano: Int64 = 0
    /// Metadata entries, and the bytes of their packed form.
    package private(set) var metadataCount = 0
    package private(set) var metadataBytes = 0
    private let bytes: UnsafeRawBufferPointer
    private var unknownFields = 0

    private static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
    private static let lastField: UInt32 = 5

    /// - Throws: `MessageError`, as unpacking would; metadata is looked into only by ``metadata()``.
    package init(_ bytes: UnsafeRawBufferPointer) throws(MessageError) {
        self.bytes = bytes
        do {
            try read()
        } catch {
            throw MessageError(error, in: MeshV1.Request.fullName)
        }
    }

    /// What can be said of a Request of which only the beginning is there: the fields that are whole. Not to be run.
    ///
    /// - Throws: `MessageError` where what is there is malformed.
    package init(beginning bytes: UnsafeRawBufferPointer) throws(MessageError) {
        var reader = WireReader(bytes)
        var whole = 0, fields = 0
        while !reader.isAtEnd, fields < Self.maximumBeginning, let tag = try? reader.tag(), (try? reader.skip(tag.wireType, isKnown: false)) != nil {
            whole = reader.position
            fields += 1
        }
        try self.init(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
    }

    /// Fields of a beginning that are looked at: names, message, time, and metadata as far as a log line needs it.
    private static let maximumBeginning = 64

    private mutating func read() throws(MessageError.Reason) {
        guard bytes.count <= MessageLimits.maxBytes else { throw .tooLong }
        var reader = WireReader(bytes)
        readFirstFields(&reader)
        while !reader.isAtEnd {
            switch try reader.tag() {
            case (1, WireType.lengthPrefixed): try Self.replace(&service, reader.lengthPrefixed())
            case (2, WireType.lengthPrefixed): try Self.replace(&method, reader.lengthPrefixed())
            case (3, WireType.lengthPrefixed): payload = try reader.lengthPrefixed()
            case (4, WireType.varint): timeoutNano = Int64(bitPattern: try reader.varint())
            case (5, WireType.lengthPrefixed): try countMetadata(reader.lengthPrefixed())
            case (let field, let type): try skip(field, type, &reader)
            }
        }
    }

    /// What nearly every Request begins with: both names and the message, in this order and none of them long. Stops before anything else.
    @inline(__always)
    private mutating func readFirstFields(_ reader: inout WireReader) {
        guard let service = reader.shortField(tag: 0x0a) else { return }
        self.service = service
        guard let method = reader.shortField(tag: 0x12) else { return }
        self.method = method
        if let payload = reader.shortField(tag: 0x1a) { self.payload = payload }
    }

    /// The last of several stands; those before it must be text all the same.
    private static func replace(_ name: inout UnsafeRawBufferPointer, _ new: UnsafeRawBufferPointer) throws(MessageError.Reason) {
        if !name.isEmpty { _ = try MetadataFields.text(name) }
        name = new
    }

    private mutating func countMetadata(_ entry: UnsafeRawBufferPointer) throws(MessageError.Reason) {
        metadataCount += 1
        metadataBytes += entry.count
        guard metadataCount <= MessageLimits.maxValues else { throw .tooManyValues }
    }

    private mutating func skip(_ field: UInt32, _ type: UInt8, _ reader: inout WireReader) throws(MessageError.Reason) {
        unknownFields += 1
        guard unknownFields <= MessageLimits.maxUnknownFields else { throw .tooManyUnknownFields }
        try reader.skip(type, isKnown: field <= Self.lastField)
    }

    /// - Throws: `MessageError` when an entry is malformed or no text.
    package func metadata() throws(MessageError) -> [(key: String, value: String)] {
        guard metadataCount > 0 else { return [] }
        do {
            var entries: [(key: String, value: String)] = []
            entries.reserveCapacity(metadataCount)
            var unknownFields = unknownFields
            var reader = WireReader(bytes)
            while !reader.isAtEnd {
                let tag = try reader.tag()
                if tag == (5, WireType.lengthPrefixed) {
                    entries.append(try MetadataFields.entry(reader.lengthPrefixed(), &unknownFields))
                } else {
                    try reader.skip(tag.wireType, isKnown: false)
                }
            }
            return entries
        } catch {
            throw MessageError(error, in: MeshV1.KeyValue.fullName)
        }
    }

    /// The names as text, or nil where they are none.
    package var names: (service: String, method: String)? {
        guard let service = try? MetadataFields.text(service), let method = try? MetadataFields.text(method) else { return nil }
        return (service, method)
    }
}

// MARK: - Writing

/// A Request about to be written around its message. It keeps sizes only: what it is made of belongs to the call, and a reference of its own would
/// be counted for every one.
package struct RequestEnvelopeWriter {
    private static let payloadTag: UInt64 = 0x1a
    private static let timeoutTag: UInt64 = 0x20
    private static let metadataTag: UInt64 = 0x2a

    private let payload: Int
    private let timeoutNano: Int64
    /// Bytes of the whole Request.
    package let byteCount: Int

    /// - Parameters:
    ///   - names: from ``names(service:method:)``, made once for each method.
    ///   - payload: bytes of the packed message.
    package init(names: borrowing [UInt8], payload: Int, timeoutNano: Int64, metadata: borrowing [(key: String, value: String)]) {
        self.payload = payload
        self.timeoutNano = timeoutNano
        byteCount =
            names.count + (payload == 0 ? 0 : WireWriter.fieldSize(tag: Self.payloadTag, content: payload))
            + (timeoutNano == 0 ? 0 : 1 + WireWriter.varintSize(UInt64(bitPattern: timeoutNano)))
            + (metadata.isEmpty ? 0 : MetadataFields.size(metadata, tag: Self.metadataTag))
    }

    /// The first two fields of every Request of a method.
    package static func names(service: String, method: String) -> [UInt8] {
        // What has no more than names can be packed unless a name is no text.
        (try? MeshV1.Request(service: service, method: method).packed()) ?? []
    }

    /// - Parameters:
    ///   - names: those that it was made with, as the metadata.
    ///   - memory: ``byteCount`` bytes.
    ///   - message: writes the packed message.
    package func write(
        names: [UInt8], metadata: [(key: String, value: String)], to memory: UnsafeMutableRawBufferPointer,
        message: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        var writer = WireWriter(memory)
        names.withUnsafeBytes { writer.bytes($0) }
        if payload > 0 {
            writer.varint(Self.payloadTag)
            writer.varint(UInt64(payload))
            message(writer.reserve(payload))
        }
        if timeoutNano != 0 {
            writer.varint(Self.timeoutTag)
            writer.varint(UInt64(bitPattern: timeoutNano))
        }
        if !metadata.isEmpty { MetadataFields.write(metadata, tag: Self.metadataTag, to: &writer) }
    }
}
