/// Why bytes are not a message, or a message has no bytes. Says where, never what was there.
public struct MessageError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Reason: String, Error, Equatable {
        /// More than `MessageLimits.maxBytes`.
        case tooLong
        /// More than `MessageLimits.maxDepth`.
        case tooDeep
        /// More than `MessageLimits.maxValues`.
        case tooManyValues
        /// More than `MessageLimits.maxUnknownFields`.
        case tooManyUnknownFields
        /// More than `MessageLimits.maxArenaBytes`.
        case tooMuchMemory
        /// The bytes end inside a value.
        case truncated
        /// A varint of more than ten bytes, or one that does not fit.
        case malformedVarint
        /// Field number 0, or a tag that does not fit.
        case invalidTag
        /// Groups (wire types 3 and 4) and wire types that don't exist (6 and 7).
        case unsupportedWireType
        /// The field has another type than its wire type says.
        case wireTypeMismatch
        case invalidUTF8
        /// A string holds U+0000: protobuf-c's strings end there.
        case embeddedNUL
        /// An embedded message stands twice. Merging them would let two readers see two things, and costs quadratic time.
        case duplicateField
        /// The last word is protobuf-c's, and it refused.
        case refused
    }

    /// What is wrong.
    public let reason: Reason
    /// Full proto name of the message that it is about.
    public let message: String
    /// Number of the field, if it is about one.
    public let field: UInt32?

    public init(_ reason: Reason, in message: String, field: UInt32? = nil) {
        self.reason = reason
        self.message = message
        self.field = field
    }
}

extension MessageError: CustomStringConvertible {
    public var description: String {
        "\(message)\(field.map { ", field \($0)" } ?? ""): \(reason.rawValue)"
    }
}
