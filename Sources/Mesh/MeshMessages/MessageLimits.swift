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
}
