import MeshMessages

/// Bytes into the messages of proto/sample and of the mesh: what is read can be written, and reading that gives the same bytes again;
/// what the scan lets through protobuf-c takes.
enum MessageFuzzer {
    private static let types: [@Sendable (UnsafeRawBufferPointer) -> Void] = [
        roundTrip(SampleV1.Scalars.self), roundTrip(SampleV1.Lists.self), roundTrip(SampleV1.Choice.self), roundTrip(SampleV1.Tree.self),
        roundTrip(SampleV1.TypeMessage.self), roundTrip(SampleV1.LeafPlus.self), roundTrip(SampleV1.Empty.self),
        roundTrip(MeshV1.Request.self), roundTrip(MeshV1.Response.self), roundTrip(MeshV1.Status.self),
    ]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let kind = bytes.first else { return }
        types[Int(kind) % types.count](UnsafeRawBufferPointer(rebasing: bytes[1...]))
    }

    private static func roundTrip<Message: MeshMessage>(_ type: Message.Type) -> @Sendable (UnsafeRawBufferPointer) -> Void {
        { bytes in
            do throws(MessageError) {
                let message = try Message(packed: bytes)
                let packed = try pack(message)
                // NaN differs from itself, so bytes are compared.
                let again = try unpack(Message.self, packed)
                require(try pack(again) == packed, "\(Message.fullName) is written differently the second time")
            } catch {
                require(error.reason != .refused, "protobuf-c refuses a \(Message.fullName) that the scan let through")
            }
        }
    }

    /// What was read fits into what may be written.
    private static func pack<Message: MeshMessage>(_ message: Message) throws(MessageError) -> [UInt8] {
        do {
            return try message.packed()
        } catch {
            require(false, "a \(Message.fullName) that was read cannot be written: \(error)")
            throw error
        }
    }

    private static func unpack<Message: MeshMessage>(_ type: Message.Type, _ bytes: [UInt8]) throws(MessageError) -> Message {
        do {
            return try Message(packed: bytes)
        } catch {
            require(false, "a \(Message.fullName) that was written cannot be read: \(error)")
            throw error
        }
    }
}
