/// The ten bytes before a frame's data: length (4), stream id (4), type (1), flags (1); integers big-endian.
public struct FrameHeader: Hashable, Sendable {
    /// Bytes of data that follow the header.
    public var length: UInt32
    /// 0 for the connection itself; odd for calls.
    public var streamID: UInt32
    /// What the data are.
    public var type: FrameType
    /// What the type says of them.
    public var flags: FrameFlags

    /// Size of an encoded header in bytes.
    public static let size = 10

    public init(length: UInt32, streamID: UInt32, type: FrameType, flags: FrameFlags = []) {
        self.length = length
        self.streamID = streamID
        self.type = type
        self.flags = flags
    }

    /// Reads the first ten bytes; nil when there are fewer.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size else { return nil }
        length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        streamID = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        type = FrameType(rawValue: bytes[8])
        flags = FrameFlags(rawValue: bytes[9])
    }

    /// Writes the ten bytes to the beginning of `memory`, which must have room for them.
    package func write(to memory: UnsafeMutableRawBufferPointer) {
        memory.storeBytes(of: (UInt64(length) << 32 | UInt64(streamID)).bigEndian, as: UInt64.self)
        memory.storeBytes(of: (UInt16(type.rawValue) << 8 | UInt16(flags.rawValue)).bigEndian, toByteOffset: 8, as: UInt16.self)
    }

    /// The ten bytes.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        bytes.append(bigEndian: length)
        bytes.append(bigEndian: streamID)
        bytes.append(type.rawValue)
        bytes.append(flags.rawValue)
        return bytes
    }

    /// What a Data frame costs of a window: header and data, so that a flood of empty frames is charged too.
    public var charge: Int { Int(length) + Self.size }

    /// Whether a server may have to hold its data beyond what windows bound: a part of a message, and in baseline any message of a stream.
    @inlinable
    public func addsToHeld(in mode: WireMode) -> Bool {
        mode == .mesh ? flags.contains(.more) : type == .data
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    /// The big-endian integer at `offset`; nil when it does not fit.
    func bigEndian<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) -> Value? {
        guard offset >= 0, count - offset >= MemoryLayout<Value>.size else { return nil }
        return Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
