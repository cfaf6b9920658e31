@testable import MeshWire

/// A frame for tests: header and data together.
struct Frame: Equatable {
    var header: FrameHeader
    /// Nil for data that was skipped.
    var data: [UInt8]?

    init(_ header: FrameHeader, _ data: [UInt8]?) {
        self.header = header
        self.data = data
    }

    init(_ type: FrameType, _ streamID: UInt32, _ flags: FrameFlags = [], _ data: [UInt8] = []) {
        header = FrameHeader(length: UInt32(data.count), streamID: streamID, type: type, flags: flags)
        self.data = data
    }

    var encoded: [UInt8] { header.encoded + (data ?? []) }
}

extension FrameSplitter {
    /// Splits bytes and collects what comes.
    mutating func frames(_ bytes: [UInt8]) throws(ConnectionFailure) -> [Frame] {
        var frames: [Frame] = []
        try bytes.withUnsafeBufferPointer { bytes throws(ConnectionFailure) in
            try split(UnsafeRawBufferPointer(bytes)) { header, data throws(ConnectionFailure) in
                frames.append(Frame(header, data.map { [UInt8]($0) }))
            }
        }
        return frames
    }
}

extension ServerStateMachine {
    mutating func receive(_ frame: Frame) throws(ConnectionFailure) -> Action {
        guard let data = frame.data else { return try receive(frame.header, nil) }
        return try data.withUnsafeBufferPointer { bytes throws(ConnectionFailure) in
            try receive(frame.header, UnsafeRawBufferPointer(bytes))
        }
    }

    mutating func receive(_ control: ControlFrame) throws(ConnectionFailure) -> Action {
        try receive(control.frame)
    }

    /// A server whose client has sent SETTINGS.
    static func ready(_ settings: Settings = .default, client: Settings = .default) throws -> ServerStateMachine {
        var server = ServerStateMachine(mode: .mesh, settings: settings)
        _ = try server.receive(ControlFrame.settings(client))
        _ = server.takeControlFrames()
        return server
    }
}

extension ClientStateMachine {
    mutating func receive(_ frame: Frame) throws(ConnectionFailure) -> Action {
        guard let data = frame.data else { return try receive(frame.header, nil) }
        return try data.withUnsafeBufferPointer { bytes throws(ConnectionFailure) in
            try receive(frame.header, UnsafeRawBufferPointer(bytes))
        }
    }

    mutating func receive(_ control: ControlFrame) throws(ConnectionFailure) -> Action {
        try receive(control.frame)
    }

    /// The same client, some thousand million calls later.
    func skipping(to id: UInt32) -> ClientStateMachine {
        var client = self
        client.nextStreamID = id
        return client
    }

    /// A client whose server has sent SETTINGS.
    static func ready(_ settings: Settings = .default, server: Settings = .default) throws -> ClientStateMachine {
        var client = ClientStateMachine(mode: .mesh, settings: settings)
        _ = try client.receive(ControlFrame.settings(server))
        _ = client.takeControlFrames()
        return client
    }
}

extension ControlFrame {
    var frame: Frame {
        let bytes = encoded
        let header = bytes.withUnsafeBytes { FrameHeader($0) } ?? FrameHeader(length: 0, streamID: 0, type: .data)
        return Frame(header, Array(bytes.dropFirst(FrameHeader.size)))
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
