/// What a frame carries: byte 8 of its header.
///
/// 1 to 3 are ttrpc 1.2's. The others stand only on connections that negotiated mesh mode.
public struct FrameType: RawRepresentable, Hashable, Sendable {
    /// As it stands in the frame.
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A call begins: ttrpc 1.
    @inlinable public static var request: FrameType { FrameType(rawValue: 0x01) }
    /// A call ends: ttrpc 2.
    @inlinable public static var response: FrameType { FrameType(rawValue: 0x02) }
    /// A message of a stream, or a part of one: ttrpc 3.
    @inlinable public static var data: FrameType { FrameType(rawValue: 0x03) }
    /// Asks for a PONG.
    @inlinable public static var ping: FrameType { FrameType(rawValue: 0x04) }
    /// Answers a PING with its data.
    @inlinable public static var pong: FrameType { FrameType(rawValue: 0x05) }
    /// What the sender can take; the first frame each way.
    @inlinable public static var settings: FrameType { FrameType(rawValue: 0x40) }
    /// The client gives a call up.
    @inlinable public static var cancel: FrameType { FrameType(rawValue: 0x41) }
    /// Credit for more Data.
    @inlinable public static var windowUpdate: FrameType { FrameType(rawValue: 0x42) }
    /// The connection ends.
    @inlinable public static var goAway: FrameType { FrameType(rawValue: 0x43) }
    /// Response metadata before the first message.
    @inlinable public static var headers: FrameType { FrameType(rawValue: 0x44) }

    /// A receiver that does not know this type skips the frame; without this bit it closes the connection.
    @inlinable public var isIgnorable: Bool { rawValue & 0x80 != 0 }
}

/// Byte 9 of a frame's header. What a bit means depends on the frame's type.
public struct FrameFlags: OptionSet, Hashable, Sendable {
    /// As it stands in the frame.
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Request, Data: the sender sends nothing more on this stream.
    @inlinable public static var remoteClosed: FrameFlags { FrameFlags(rawValue: 0x01) }
    /// Request: the sender will send Data.
    @inlinable public static var remoteOpen: FrameFlags { FrameFlags(rawValue: 0x02) }
    /// Data, Request: the frame carries no message (an empty message is a frame of length 0 without this flag).
    @inlinable public static var noData: FrameFlags { FrameFlags(rawValue: 0x04) }
    /// Request, Response, Data in mesh mode: the message goes on in the stream's next frame of the same type.
    @inlinable public static var more: FrameFlags { FrameFlags(rawValue: 0x08) }
    /// Response in mesh mode: status and trailers only, no message.
    @inlinable public static var statusOnly: FrameFlags { FrameFlags(rawValue: 0x10) }
}
