import MeshMessages
import MeshWire
import NIOCore

/// Frames as a peer without manners puts them together.
enum RawFrames {
    static func request(_ method: String, on id: UInt32, _ flags: FrameFlags = [], payload: [UInt8] = []) throws -> [UInt8] {
        let data = try MeshV1.Request(service: "test.v1.Test", method: method, payload: payload, timeoutNano: 60_000_000_000).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request, flags: flags).encoded + data
    }

    /// A request of `payload` bytes in frames as long as a server takes them.
    static func longRequest(_ method: String, on id: UInt32, payload: Int) throws -> [UInt8] {
        let whole = try request(method, on: id, payload: [UInt8](repeating: 7, count: payload)).dropFirst(FrameHeader.size)
        let most = Int(Settings.default.maximumDataFrame)
        return stride(from: whole.startIndex, to: whole.endIndex, by: most).flatMap { start in
            let part = whole[start..<min(start + most, whole.endIndex)]
            let flags: FrameFlags = part.endIndex == whole.endIndex ? [] : .more
            return FrameHeader(length: UInt32(part.count), streamID: id, type: .request, flags: flags).encoded + part
        }
    }

    static func cancel(_ id: UInt32) -> [UInt8] {
        ControlFrame.cancel(streamID: id, code: 1, reason: "").encoded
    }

    static func emptyData(on id: UInt32, _ flags: FrameFlags = []) -> [UInt8] {
        FrameHeader(length: 0, streamID: id, type: .data, flags: flags).encoded
    }

    /// As much as may be had of everything, so that nothing but the socket holds the server back.
    static var greedySettings: [UInt8] {
        var settings = Settings()
        settings.initialStreamWindow = UInt32(WireLimits.maximumWindow)
        settings.initialConnectionWindow = UInt32(WireLimits.maximumWindow)
        return ControlFrame.settings(settings).encoded
    }
}
