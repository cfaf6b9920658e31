/// A message as `protoc-gen-mesh` makes it from a `.proto`: a Swift value that is packed and unpacked by protobuf-c.
public protocol MeshMessage: Sendable, Equatable {
    /// `package.Message`.
    static var fullName: String { get }
    /// protoc-c's description of the message.
    static var layout: MessageLayout { get }

    /// Every field at its default.
    init()
    /// Reads protoc-c's struct. For generated code.
    init(unpacked: UnsafeRawPointer)
    /// Fills protoc-c's struct, which is initialised. For generated code.
    func fill(_ memory: UnsafeMutableRawPointer, _ arena: MessageArena) throws(MessageError)
}

extension MeshMessage {
    /// Unpacks a message. The bytes are checked against `MessageLimits` and the message's fields first; unknown fields are skipped.
    ///
    /// - Throws: `MessageError`; no input makes it trap.
    @inlinable
    public init(packed bytes: UnsafeRawBufferPointer) throws(MessageError) {
        var message: Self?
        try Unpacking.unpack(bytes, Self.layout) { message = Self(unpacked: $0) }
        self = message ?? Self()
    }

    public init(packed bytes: [UInt8]) throws(MessageError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(MessageError) in try Self(packed: bytes) }
        }
        self = try result.get()
    }

    /// The packed message.
    ///
    /// - Throws: `MessageError` when a string holds U+0000 or a limit of `MessageLimits` is passed.
    public func packed() throws(MessageError) -> [UInt8] {
        try withPrepared { message in [UInt8](byteCount: message.byteCount) { message.write(to: $0) } }
    }

    /// Packs into memory of the caller's: `body` learns the exact size first.
    ///
    /// - Throws: `MessageError`, see ``packed()``.
    @inlinable
    public func withPrepared<Output>(_ body: (PreparedMessage) -> Output) throws(MessageError) -> Output {
        var output: Output?
        try prepare { output = body($0) }
        guard let output else { throw MessageError(.refused, in: Self.fullName) }
        return output
    }

    /// As ``withPrepared(_:)``, without a result.
    @inlinable
    public func prepare(_ body: (PreparedMessage) -> Void) throws(MessageError) {
        try Packing.prepare(Self.layout, fill: { memory, arena throws(MessageError) in try fill(memory, arena) }, body)
    }
}
