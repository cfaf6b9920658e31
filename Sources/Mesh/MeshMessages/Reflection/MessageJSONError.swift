/// Why a JSON text is not a message. It speaks to whoever wrote the text: names in it are quoted, values never.
public struct MessageJSONError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Reason: String, Sendable {
        /// Not RFC 8259 JSON; a name that stands twice in one object.
        case syntax
        /// A limit of `MessageLimits`.
        case limit
        /// The message has no field of that name.
        case unknownField
        /// One field under two names, or two fields of one oneof.
        case conflictingFields
        /// Another kind of JSON value than the field takes.
        case wrongType
        /// A number that the field's type can't hold.
        case outOfRange
        /// The enum has no value of that name.
        case unknownEnumValue
        case invalidBase64
        /// A string holds U+0000, which protobuf-c's strings can't.
        case embeddedNUL
    }

    /// What is wrong.
    public let reason: Reason
    /// `order.legs[2].price`; empty for the text as a whole.
    public let path: String
    /// More of it, for whoever wrote the JSON.
    public let detail: String

    init(_ reason: Reason, at path: String = "", _ detail: String) {
        self.reason = reason
        self.path = path
        self.detail = detail
    }
}

extension MessageJSONError: CustomStringConvertible {
    public var description: String { path.isEmpty ? detail : "\(path): \(detail)" }
}
