/// What one packed message may be, before anything of it is unpacked. One table, so that every limit is seen beside the others.
public enum MessageLimits {
    /// Bytes of one packed message: ttrpc's frame limit.
    public static let maxBytes = 4 << 20
    /// Messages inside messages; the outermost is 1. protobuf-c itself recurses without a limit.
    public static let maxDepth = 32
    /// Values in the whole tree: fields, known or not, and the elements of packed lists.
    public static let maxValues = 65_536
    /// Fields that this version of the message does not know, in the whole tree. They are skipped.
    public static let maxUnknownFields = 1_024
    /// Bytes that unpacking or packing one message may take beside its packed form.
    public static let maxArenaBytes = 64 << 20

    /// Bytes of one message as JSON, read or written: base64, escapes and names take more room than the packed form.
    public static let maxJSONBytes = 32 << 20
    /// Arrays and objects inside each other: a message inside a message's list is two.
    public static let maxJSONDepth = 2 * maxDepth
    /// Values, arrays and objects in one message's JSON. Nulls and defaults are packed to nothing, lists stand in it beside their elements.
    public static let maxJSONValues = 2 * maxValues
}
