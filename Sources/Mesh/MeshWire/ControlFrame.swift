/// A frame that steers a connection or a stream and carries no message. Mesh mode only.
public enum ControlFrame: Hashable, Sendable {
    case settings(Settings)
    case ping(UInt64)
    case pong(UInt64)
    /// The client gives the call up. `code` is the gRPC status code that it reports to its own caller.
    case cancel(streamID: UInt32, code: UInt32, reason: String)
    /// The receiver consumed bytes: the sender may send as many more. Stream 0 is the connection.
    case windowUpdate(streamID: UInt32, increment: UInt32)
    /// The sender will not run requests with an id above `lastStreamID`.
    case goAway(lastStreamID: UInt32, ConnectionFailure)

    /// Header and data.
    public var encoded: [UInt8] {
        var data: [UInt8] = []
        var streamID: UInt32 = 0
        let type = encode(into: &data, &streamID)
        return FrameHeader(length: UInt32(data.count), streamID: streamID, type: type).encoded + data
    }

    private func encode(into data: inout [UInt8], _ stream: inout UInt32) -> FrameType {
        switch self {
        case .settings(let settings):
            data = settings.encoded
            return .settings
        case .ping(let value):
            data.append(bigEndian: value)
            return .ping
        case .pong(let value):
            data.append(bigEndian: value)
            return .pong
        case .cancel(let streamID, let code, let reason):
            stream = streamID
            data.append(bigEndian: code)
            data.append(reason: reason)
            return .cancel
        case .windowUpdate(let streamID, let increment):
            stream = streamID
            data.append(bigEndian: increment)
            return .windowUpdate
        case .goAway(let lastStreamID, let failure):
            data.append(bigEndian: lastStreamID)
            data.append(bigEndian: failure.code.rawValue)
            data.append(reason: failure.reason)
            return .goAway
        }
    }

    /// Reads a control frame.
    ///
    /// - Throws: `ConnectionFailure` when the data has a wrong length or the stream id does not fit the type.
    public init(_ header: FrameHeader, _ data: UnsafeRawBufferPointer) throws(ConnectionFailure) {
        guard let frame = Self.decode(header, data) else {
            throw ConnectionFailure(.protocolError, "a malformed frame of type \(header.type.rawValue)")
        }
        if case .windowUpdate(_, let increment) = frame, increment == 0 || increment > UInt32(WireLimits.maximumWindow) {
            throw ConnectionFailure(.flowControlError, "WINDOW_UPDATE by \(increment)")
        }
        if header.type == .settings {
            self = .settings(try Settings(encoded: data))
        } else {
            self = frame
        }
    }

    private static func decode(_ header: FrameHeader, _ data: UnsafeRawBufferPointer) -> ControlFrame? {
        let onConnection = header.streamID == 0
        switch header.type {
        case .settings:
            return onConnection ? .settings(.default) : nil
        case .ping, .pong:
            guard onConnection, data.count == 8, let value = data.bigEndian(at: 0, as: UInt64.self) else { return nil }
            return header.type == .ping ? .ping(value) : .pong(value)
        case .cancel:
            guard !header.streamID.isMultiple(of: 2), let code = data.bigEndian(at: 0, as: UInt32.self),
                let reason = data.reason(from: 4)
            else { return nil }
            return .cancel(streamID: header.streamID, code: code, reason: reason)
        case .windowUpdate:
            guard onConnection || !header.streamID.isMultiple(of: 2), data.count == 4,
                let increment = data.bigEndian(at: 0, as: UInt32.self)
            else { return nil }
            return .windowUpdate(streamID: header.streamID, increment: increment)
        case .goAway:
            guard onConnection, let last = data.bigEndian(at: 0, as: UInt32.self), let code = data.bigEndian(at: 4, as: UInt32.self),
                let reason = data.reason(from: 8)
            else { return nil }
            return .goAway(lastStreamID: last, ConnectionFailure(GoAwayCode(rawValue: code), reason))
        default:
            return nil
        }
    }
}

extension [UInt8] {
    /// Text cut at a character boundary so that it fits its limit.
    fileprivate mutating func append(reason: String) {
        var reason = reason
        while reason.utf8.count > WireLimits.maximumReasonBytes { reason.removeLast() }
        append(contentsOf: reason.utf8)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func reason(from offset: Int) -> String? {
        guard count >= offset, count - offset <= WireLimits.maximumReasonBytes else { return nil }
        return String(validating: self[offset...], as: UTF8.self)
    }
}
