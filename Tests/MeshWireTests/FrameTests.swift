import MeshWire
import Testing

struct FrameTests {
    /// Captured from stock Go ttrpc.
    @Test(
        "golden frames of ttrpc",
        arguments: [
            (
                Frame(.request, 1, .remoteOpen, [0x0a, 0x03, 0x73, 0x2e, 0x53, 0x12, 0x04, 0x42, 0x69, 0x64, 0x69]),
                [0, 0, 0, 0x0b, 0, 0, 0, 1, 1, 2, 0x0a, 0x03, 0x73, 0x2e, 0x53, 0x12, 0x04, 0x42, 0x69, 0x64, 0x69] as [UInt8]
            ),
            (Frame(.data, 1, [], [8, 3]), [0, 0, 0, 2, 0, 0, 0, 1, 3, 0, 8, 3]),
            (Frame(.data, 1, [.remoteClosed, .noData]), [0, 0, 0, 0, 0, 0, 0, 1, 3, 5]),
        ])
    func golden(frame: Frame, bytes: [UInt8]) throws {
        #expect(frame.encoded == bytes)
        var splitter = FrameSplitter(mode: .baseline, settings: .default)
        #expect(try splitter.frames(bytes) == [frame])
    }

    @Test(
        "golden frames of mesh mode",
        arguments: [
            (ControlFrame.ping(0x0102_0304_0506_0708), [0, 0, 0, 8, 0, 0, 0, 0, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8] as [UInt8]),
            (.pong(1), [0, 0, 0, 8, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            (.cancel(streamID: 3, code: 4, reason: "late"), [0, 0, 0, 8, 0, 0, 0, 3, 0x41, 0, 0, 0, 0, 4, 0x6c, 0x61, 0x74, 0x65]),
            (.windowUpdate(streamID: 5, increment: 65536), [0, 0, 0, 4, 0, 0, 0, 5, 0x42, 0, 0, 1, 0, 0]),
            (
                .goAway(lastStreamID: 7, ConnectionFailure(.enhanceYourCalm, "no")),
                [0, 0, 0, 10, 0, 0, 0, 0, 0x43, 0, 0, 0, 0, 7, 0, 0, 0, 11, 0x6e, 0x6f]
            ),
        ])
    func goldenControl(frame: ControlFrame, bytes: [UInt8]) throws {
        #expect(frame.encoded == bytes)
        let (header, data) = (frame.frame.header, frame.frame.data ?? [])
        let decoded = try data.withUnsafeBytes { bytes in try ControlFrame(header, bytes) }
        #expect(decoded == frame)
    }

    @Test("SETTINGS come back as they were, unknown ids are passed over, missing ones keep their defaults")
    func settings() throws {
        var settings = Settings()
        settings.initialStreamWindow = 5000
        settings.maximumMetadataBytes = 77
        let encoded = settings.encoded
        #expect(try encoded.withUnsafeBytes { try Settings(encoded: $0) } == settings)
        let unknown: [UInt8] = [0x7f, 0xff, 1, 2, 3, 4] + [0, 4, 0, 0, 0, 9]
        let read = try unknown.withUnsafeBytes { try Settings(encoded: $0) }
        #expect(read.maximumConcurrentStreams == 9)
        #expect(read.initialStreamWindow == Settings.default.initialStreamWindow)
    }

    @Test(
        "SETTINGS out of range or cut short are refused",
        arguments: [
            [0, 1, 0, 0x40, 0, 1], [0, 1, 0, 0, 0, 0], [0, 2, 0, 0, 0, 1], [0, 2, 0x80, 0, 0, 0], [0, 8, 0, 0, 0, 1], [0, 1, 0],
        ] as [[UInt8]])
    func badSettings(bytes: [UInt8]) {
        #expect(throws: ConnectionFailure.self) { try bytes.withUnsafeBytes { try Settings(encoded: $0) } }
    }

    @Test(
        "malformed control frames are refused",
        arguments: [
            Frame(.ping, 0, [], [1, 2, 3]), Frame(.ping, 1, [], Array(repeating: 0, count: 8)), Frame(.settings, 1),
            Frame(.cancel, 2, [], [0, 0, 0, 1]), Frame(.cancel, 1, [], [0, 0]), Frame(.cancel, 1, [], [0, 0, 0, 1, 0xff, 0xfe]),
            Frame(.cancel, 1, [], [0, 0, 0, 1] + Array(repeating: 0x61, count: 257)),
            Frame(.windowUpdate, 1, [], [0, 0, 0, 0]), Frame(.windowUpdate, 1, [], [0x80, 0, 0, 0]),
            Frame(.windowUpdate, 2, [], [0, 0, 0, 1]),
            Frame(.windowUpdate, 1, [], [0, 0, 1]), Frame(.goAway, 1, [], Array(repeating: 0, count: 8)), Frame(.goAway, 0, [], [0, 0]),
        ])
    func malformedControl(frame: Frame) {
        #expect(throws: ConnectionFailure.self) {
            try (frame.data ?? []).withUnsafeBytes { bytes in _ = try ControlFrame(frame.header, bytes) }
        }
    }

    @Test("a reason too long for its frame is cut at a character")
    func longReason() throws {
        let frame = ControlFrame.goAway(lastStreamID: 0, ConnectionFailure(.noError, String(repeating: "ä", count: 300)))
        #expect(frame.encoded.count == FrameHeader.size + 8 + WireLimits.maximumReasonBytes)
    }
}
