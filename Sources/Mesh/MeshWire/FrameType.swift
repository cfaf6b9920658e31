/// What a frame carries: byte 8 of its header.
///
/// 1 to 3 are ttrpc 1.2's. The others stand only on connections that negotiated mesh mode.
public struct FrameType: RawRepresentable, Hashable, Sendable {
    /// As it stands in the frame.
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A call begins: ttrpc 1.
    public static let request = FrameType(rawValue: 0x01)
    /// A call ends: ttrpc 2.
    public static let response = FrameType(rawValue: 0x02)
    /// A message of a stream, or a part of one: ttrpc 3.
    public static let data = FrameType(rawValue: 0x03)
    /// Asks for a PONG.
    public static let ping = FrameType(rawValue: 0x04)
    /// Answers a PING with its data.
    public static let pong = FrameType(rawValue: 0x05)
    /// What the sender can take; the first frame each way.
    public static let settings = FrameType(rawValue: 0x40)
    /// The client gives a call up.
    public static let cancel = FrameType(rawValue: 0x41)
    /// Credit for more Data.
    public static let windowUpdate = FrameType(rawValue: 0x42)
    /// The connection ends.
    public static let goAway = FrameType(rawValue: 0x43)
    /// Response metadata before the first message.
    public static let headers = FrameType(rawValue: 0x44)

    /// A receiver that does not know this type skips the frame; without this bit it closes the connection.
    public var isIgnorable: Bool { rawValue & 0x80 != 0 }
}

/// Byte 9 of a frame's header. What a bit means depends on the frame's type.
public struct FrameFlags: OptionSet, Hashable, Sendable {
    /// As it stands in the frame.
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
