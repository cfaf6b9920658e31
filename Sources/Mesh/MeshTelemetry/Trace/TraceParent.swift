/// The place of a call in its trace: `traceparent` of W3C Trace Context Level 1, section 3.2.
public struct TraceParent: Sendable, Hashable {
    /// Names the whole trace. Never 0.
    public let traceID: UInt128
    /// Names the span that made the call. Never 0.
    public let spanID: UInt64
    /// Bit 0 says that the caller may have recorded its span; the others are kept as they came.
    public let flags: UInt8

    /// The header's name.
    public static let headerName = "traceparent"

    /// What is longer is not read: later versions may append fields, but not without end.
    public static let maximumBytes = 128

    /// The length of version 00, which is the only one written.
    static let byteCount = 55
    private static let sampledFlag: UInt8 = 1
    private static let version: UInt8 = 0

    /// - Returns: nil when an id is 0, which the specification forbids.
    public init?(traceID: UInt128, spanID: UInt64, flags: UInt8 = 0) {
        guard traceID != 0, spanID != 0 else { return nil }
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// Parses the header. Of a later version the fields of version 00 are taken, as section 3.2.4 asks.
    ///
    /// - Returns: nil unless it is exactly as the specification has it: lower-case hexadecimal, no id 0, version 00 without a rest.
    public init?(_ header: String) {
        var header = header
        guard header.utf8.count <= Self.maximumBytes, let fields = header.withUTF8({ Fields($0) }) else { return nil }
        self.init(traceID: fields.traceID, spanID: fields.spanID, flags: fields.flags)
    }

    /// Both ids must not be 0.
    private init(_ traceID: UInt128, _ spanID: UInt64, _ flags: UInt8) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// The first span of a new trace, not sampled: random ids (section 3.2.2.3, and 3.2.2.4 for the span).
    public static func makeRoot() -> TraceParent {
        TraceParent(.random(in: 1 ... .max), spanID(), 0)
    }

    /// Another span of the same trace: a random id, the flags as they are.
    public func makeChild() -> TraceParent {
        TraceParent(traceID, Self.spanID(), flags)
    }

    /// A random id. Not one of decimal digits alone, as one in two thousand is: where logs are searched for payment cards it may look like one.
    static func spanID(from draw: () -> UInt64 = { .random(in: 1 ... .max) }) -> UInt64 {
        while true {
            let id = draw()
            if id != 0, hasLetter(id) { return id }
        }
    }

    /// Whether one of its hexadecimal digits is from a to f.
    private static func hasLetter(_ id: UInt64) -> Bool {
        // Of a digit's four bits: the highest, and one of the two below it.
        id >> 3 & (id >> 2 | id >> 1) & 0x1111_1111_1111_1111 != 0
    }

    /// The same place with the sampled flag set or taken away.
    public func sampled(_ isSampled: Bool) -> TraceParent {
        TraceParent(traceID, spanID, isSampled ? flags | Self.sampledFlag : flags & ~Self.sampledFlag)
    }

    /// Whether the caller may have recorded its span.
    public var isSampled: Bool { flags & Self.sampledFlag != 0 }

    /// The header, in version 00. Of the flags only the defined one is written.
    public var header: String {
        String(unsafeUninitializedCapacity: Self.byteCount) { bytes in
            var writer = HexWriter(bytes)
            writer.write(UInt128(Self.version), digits: 2)
            writer.writeDash()
            writer.write(traceID, digits: 32)
            writer.writeDash()
            writer.write(UInt128(spanID), digits: 16)
            writer.writeDash()
            writer.write(UInt128(flags & Self.sampledFlag), digits: 2)
            return writer.count
        }
    }

    /// 32 lower-case hexadecimal digits, as logs and traces show it.
    public var traceIDText: String { Self.hex(traceID, digits: 32) }

    /// 16 lower-case hexadecimal digits.
    public var spanIDText: String { Self.hex(UInt128(spanID), digits: 16) }

    private static func hex(_ value: UInt128, digits: Int) -> String {
        String(unsafeUninitializedCapacity: digits) { bytes in
            var writer = HexWriter(bytes)
            writer.write(value, digits: digits)
            return writer.count
        }
    }
}

/// `version "-" trace-id "-" parent-id "-" trace-flags`, cut at its places.
private struct Fields {
    let traceID: UInt128
    let spanID: UInt64
    let flags: UInt8

    private static let forbiddenVersion: UInt128 = 0xff
    private static let dash = UInt8(ascii: "-")

    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count >= TraceParent.byteCount, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = Self.number(bytes[0..<2]), version != Self.forbiddenVersion,
            let traceID = Self.number(bytes[3..<35]), let spanID = Self.number(bytes[36..<52]), let flags = Self.number(bytes[53..<55])
        else { return nil }
        if bytes.count > TraceParent.byteCount {
            guard version > 0, bytes[TraceParent.byteCount] == Self.dash else { return nil }
        }
        self.traceID = traceID
        self.spanID = UInt64(truncatingIfNeeded: spanID)
        self.flags = UInt8(truncatingIfNeeded: flags)
    }

    /// At most 32 digits.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt128? {
        var value: UInt128 = 0
        for byte in digits {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt128(byte &- UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt128(byte &- UInt8(ascii: "a") &+ 10)
            default: return nil
            }
        }
        return value
    }
}

private struct HexWriter {
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func write(_ value: UInt128, digits: Int) {
        for place in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> place) & 0xf
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    mutating func writeDash() { append(UInt8(ascii: "-")) }

    private mutating func append(_ byte: UInt8) {
        guard count < bytes.count else { return }
        bytes[count] = byte
        count += 1
    }
}
