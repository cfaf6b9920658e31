/// What a frame carries: byte 8 of its header.
///
/// 1 to 3 are ttrpc 1.2's. The others stand only on connections that negotiated mesh mode.
public struct FrameType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let request = FrameType(rawValue: 0x01)
    public static let response = FrameType(rawValue: 0x02)
    public static let data = FrameType(rawValue: 0x03)
    public static let ping = FrameType(rawValue: 0x04)
    public static let pong = FrameType(rawValue: 0x05)
    public static let settings = FrameType(rawValue: 0x40)
    public static let cancel = FrameType(rawValue: 0x41)
    public static let windowUpdate = FrameType(rawValue: 0x42)
    public static let goAway = FrameType(rawValue: 0x43)
    public static let headers = FrameType(rawValue: 0x44)

    /// A receiver that does not know this type skips the frame; without this bit it closes the connection.
    public var isIgnorable: Bool { rawValue & 0x80 != 0 }
}

/// Byte 9 of a frame's header. What a bit means depends on the frame's type.
public struct FrameFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Request, Data: the sender sends nothing more on this stream.
    public static let remoteClosed = FrameFlags(rawValue: 0x01)
    /// Request: the sender will send Data.
    public static let remoteOpen = FrameFlags(rawValue: 0x02)
    /// Data, Request: the frame carries no message (an empty message is a frame of length 0 without this flag).
    public static let noData = FrameFlags(rawValue: 0x04)
    /// Request, Response, Data in mesh mode: the message goes on in the stream's next frame of the same type.
    public static let more = FrameFlags(rawValue: 0x08)
    /// Response in mesh mode: status and trailers only, no message.
    public static let statusOnly = FrameFlags(rawValue: 0x10)
}
