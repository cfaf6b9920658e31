import MeshCall
import MeshMessages
import MeshWire
import Testing

/// A peer that takes only short messages.
@Suite(.timeLimit(.minutes(1)))
struct ShortMessagesTests {
    /// Its SETTINGS, and one request.
    private func asked(_ method: String, longest: UInt32, payload: [UInt8] = []) throws -> WireLink {
        var settings = Settings.default
        settings.maximumMessageBytes = longest
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: payload).packed()
        let link = WireLink([TestService.echo], mode: .mesh)
        link.write(ControlFrame.settings(settings).encoded + FrameHeader(length: UInt32(data.count), streamID: 1, type: .request).with(data))
        return link
    }

    @Test("that leave no room for a status loses its connection when one is due", arguments: [1, 20, 50, 86], ["Nothing", "Echo"])
    func noRoom(longest: UInt32, method: String) async throws {
        let link = try asked(method, longest: longest, payload: Array(repeating: 1, count: 100))
        let frame = try #require(await link.readAll().last)
        let control = try frame.data.withUnsafeBytes { try ControlFrame(frame.header, $0) }
        guard case .goAway(_, let failure) = control else {
            Issue.record("\(control)")
            return
        }
        #expect(failure == ConnectionFailure(.protocolError, "setting 1 leaves no room for a status"))
    }

    @Test("is told that the reply is too long")
    func replyTooLong() async throws {
        let link = try asked("Echo", longest: 120, payload: Array(repeating: 1, count: 1000))
        var frame = try #require(await link.read())
        while frame.header.type != .response { frame = try #require(await link.read()) }
        let status = try #require(try frame.data.withUnsafeBytes { try MeshV1.Response(packed: $0) }.status)
        #expect(status.code == 8)
        #expect(try MeshV1.ErrorInfo(packed: try #require(status.details.first).value).reason == "REPLY_TOO_LONG")
    }
}
