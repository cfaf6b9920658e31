public import MeshMessages

/// What an application says of a failure beside its reason: a message of its own, in the `Any` of a `google.rpc.Status`.
public struct StatusDetail: Hashable, Sendable {
    /// Details of one status that are sent, and that are kept of one received.
    public static let maximumCount = 16
    /// Bytes of those, names counted. What goes beyond is left out.
    public static let maximumBytes = 8 << 10

    /// `type.googleapis.com/` and the message's full name.
    public let typeURL: String
    /// The packed message.
    public let value: [UInt8]

    /// A detail as it stands on the wire.
    public init(typeURL: String, value: [UInt8]) {
        self.typeURL = typeURL
        self.value = value
    }

    /// - Throws: `MessageError` for a message that cannot be packed.
    public init<Message: MeshMessage>(_ message: Message) throws(MessageError) {
        self.init(typeURL: Self.typeURL(of: Message.self), value: try message.packed())
    }

    /// The message; nil when it is of another type.
    ///
    /// - Throws: `MessageError` for bytes that are no such message.
    public func message<Message: MeshMessage>(as type: Message.Type) throws(MessageError) -> Message? {
        typeURL == Self.typeURL(of: type) ? try Message(packed: value) : nil
    }

    static func typeURL<Message: MeshMessage>(of type: Message.Type) -> String { "type.googleapis.com/" + Message.fullName }
}

extension [StatusDetail] {
    /// As many from the beginning as one status takes.
    var bounded: ArraySlice<StatusDetail> {
        var bytes = 0
        return prefix(StatusDetail.maximumCount).prefix { detail in
            bytes += detail.typeURL.utf8.count + detail.value.count
            return bytes <= StatusDetail.maximumBytes
        }
    }
}
