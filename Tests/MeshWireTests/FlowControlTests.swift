import MeshWire
import Testing

struct FlowControlTests {
    private func settings(stream: UInt32 = 256 << 10, connection: UInt32 = 1 << 20) -> Settings {
        var settings = Settings()
        settings.initialStreamWindow = stream
        settings.initialConnectionWindow = connection
        return settings
    }

    @Test("a sender stops at the stream's window and goes on with its update")
    func senderStream() throws {
        var server = try ServerStateMachine.ready(client: settings(stream: 10_000))
        _ = try server.receive(Frame(.request, 1, .remoteClosed))
        #expect(server.grant(1, remaining: 20_000) == .bytes(9990))
        #expect(server.grant(1, remaining: 10_010) == .streamBlocked)
        #expect(try server.receive(.windowUpdate(streamID: 1, increment: 5000)) == .windowOpened(1))
        #expect(server.grant(1, remaining: 10_010) == .bytes(4990))
    }

    @Test("a sender stops at the connection's window though the stream's is open")
    func senderConnection() throws {
        var server = try ServerStateMachine.ready(client: settings(connection: 10_000))
        _ = try server.receive(Frame(.request, 1, .remoteClosed))
        _ = try server.receive(Frame(.request, 3, .remoteClosed))
        #expect(server.grant(1, remaining: 9000) == .bytes(9000))
        #expect(server.grant(3, remaining: 5000) == .connectionBlocked)
        #expect(server.grant(3, remaining: 100) == .bytes(100))
        #expect(try server.receive(.windowUpdate(streamID: 0, increment: 9000)) == .windowOpened(0))
        #expect(server.grant(3, remaining: 5000) == .bytes(5000))
    }

    @Test("empty messages cost ten bytes")
    func emptyCosts() throws {
        var server = try ServerStateMachine.ready(client: settings(stream: 4096))
        _ = try server.receive(Frame(.request, 1, .remoteClosed))
        var sent = 0
        while server.grant(1, remaining: 0) == .bytes(0) { sent += 1 }
        #expect(sent == 409)
    }

    @Test("a whole message is granted or nothing")
    func grantAll() throws {
        var server = try ServerStateMachine.ready(client: settings(stream: 4096))
        _ = try server.receive(Frame(.request, 1, .remoteClosed))
        let granted = server.grantAll(1, 4000)
        #expect(granted)
        let refused = server.grantAll(1, 100)
        #expect(!refused)
        #expect(server.grant(1, remaining: 76) == .bytes(76))
    }

    @Test("a window beyond 2^31-1 is an error")
    func overflow() throws {
        var server = try ServerStateMachine.ready()
        #expect(throws: ConnectionFailure.self) { try server.receive(.windowUpdate(streamID: 0, increment: UInt32(Int32.max))) }
    }

    @Test("an update for a stream that has ended is ignored, for one that never began an error")
    func lateUpdate() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(Frame(.request, 1))
        server.answered(1)
        #expect(try server.receive(.windowUpdate(streamID: 1, increment: 1)) == .windowOpened(1))
        #expect(throws: ConnectionFailure.self) { try server.receive(.windowUpdate(streamID: 5, increment: 1)) }
    }

    @Test("SETTINGS that come late shrink or widen the windows of open streams")
    func lateSettings() throws {
        var client = ClientStateMachine(mode: .mesh)
        _ = client.open(expectsData: false)
        #expect(client.grant(1, remaining: 60_000) == .bytes(60_000))
        _ = try client.receive(.settings(settings(stream: 70_000)))
        // 70000 less the 60010 spent.
        #expect(client.grant(1, remaining: 60_000) == .bytes(9980))
        #expect(client.grant(1, remaining: 60_000) == .streamBlocked)
    }

    @Test("a receiver announces credit when half a window was read, and only for what was read")
    func credit() throws {
        var client = try ClientStateMachine.ready(settings(stream: 4096, connection: 8192))
        _ = client.open(expectsData: true)
        #expect(try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 1990))) == .message(1, charge: 2000))
        #expect(try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 1990))) == .message(1, charge: 2000))
        #expect(client.takeControlFrames() == [])
        client.consumed(1, charge: 2000, on: 1)
        #expect(client.takeControlFrames() == [])
        client.consumed(1, charge: 2000, on: 1)
        #expect(client.takeControlFrames() == [.windowUpdate(streamID: 1, increment: 4000)])
    }

    @Test("a sender that overruns a window is cut off", arguments: [true, false])
    func overrun(stream: Bool) throws {
        let small = stream ? settings(stream: 4096) : settings(connection: 4096)
        var client = try ClientStateMachine.ready(small)
        _ = client.open(expectsData: true)
        _ = try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 4000)))
        let failure = #expect(throws: ConnectionFailure.self) {
            try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 100)))
        }
        #expect(failure?.code == .flowControlError)
    }

    @Test("what comes for a stream that has ended is bounded by the window that it had, however much the connection gets back")
    func overrunOfEnded() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        server.answered(1)
        let frame = Frame(.data, 1, [], Array(repeating: 0, count: 32_758))
        for _ in 0..<(256 << 10) / 32_768 { #expect(try server.receive(frame) == .none) }
        #expect(server.takeControlFrames().contains { if case .windowUpdate(0, _) = $0 { true } else { false } } == false)
        let failure = #expect(throws: ConnectionFailure.self) { try server.receive(frame) }
        #expect(failure?.code == .flowControlError)
    }

    @Test("empty messages for streams that have ended are bounded by their windows and by nothing else", arguments: [[], .noData] as [FrameFlags])
    func lateEmptyData(_ flags: FrameFlags) throws {
        var server = try ServerStateMachine.ready(), client = try ClientStateMachine.ready()
        let most = (256 << 10) / 10
        #expect(most > WireLimits.freeFramesPerInterval)
        for id in [1, 3] as [UInt32] {
            _ = try server.receive(Frame(.request, id, .remoteOpen))
            server.answered(id)
            _ = client.open(expectsData: true)
            client.cancel(id, code: 1, reason: "")
            for _ in 0..<most {
                #expect(try server.receive(Frame(.data, id, flags)) == .none)
                #expect(try client.receive(Frame(.data, id, flags)) == .none)
            }
        }
        #expect(#expect(throws: ConnectionFailure.self) { try server.receive(Frame(.data, 3, flags)) }?.code == .flowControlError)
        #expect(#expect(throws: ConnectionFailure.self) { try client.receive(Frame(.data, 3, flags)) }?.code == .flowControlError)
    }

    @Test("bytes that come for a cancelled stream are credited to the connection")
    func creditOfCancelled() throws {
        var client = try ClientStateMachine.ready(settings(connection: 8192))
        _ = client.open(expectsData: true)
        client.cancel(1, code: 1, reason: "")
        _ = client.takeControlFrames()
        _ = try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 3990)))
        _ = try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 3990)))
        #expect(client.takeControlFrames() == [.windowUpdate(streamID: 0, increment: 8000)])
    }

    @Test("parts of an unfinished message are credited to the connection when its stream is cancelled")
    func creditOfParts() throws {
        var client = try ClientStateMachine.ready(settings(connection: 8192))
        _ = client.open(expectsData: true)
        // One message waits unread, so the parts behind it are held back.
        _ = try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 990)))
        _ = try client.receive(Frame(.data, 1, .more, Array(repeating: 0, count: 4990)))
        #expect(client.takeControlFrames() == [])
        client.cancel(1, code: 1, reason: "")
        #expect(client.takeControlFrames() == [.windowUpdate(streamID: 0, increment: 5000), .cancel(streamID: 1, code: 1, reason: "")])
    }

    @Test("a message longer than its window is credited while it comes, but only at the head of the queue")
    func longMessage() throws {
        var client = try ClientStateMachine.ready(settings(stream: 4096))
        _ = client.open(expectsData: true)
        _ = try client.receive(Frame(.data, 1, .more, Array(repeating: 0, count: 3990)))
        #expect(client.takeControlFrames() == [.windowUpdate(streamID: 1, increment: 4000)])
        guard case .message(1, let charge) = try client.receive(Frame(.data, 1, [], Array(repeating: 0, count: 90))) else {
            Issue.record("no message")
            return
        }
        #expect(charge == 100)
        // Behind the message that waits nothing is credited.
        _ = try client.receive(Frame(.data, 1, .more, Array(repeating: 0, count: 3900)))
        #expect(client.takeControlFrames() == [])
        client.consumed(1, charge: charge, on: 1)
        #expect(client.takeControlFrames() == [.windowUpdate(streamID: 1, increment: 4010)])
    }

    @Test("smaller windows than a sender may assume are tolerated until it has read SETTINGS")
    func tolerance() throws {
        var server = try ServerStateMachine.ready(settings(stream: 4096, connection: 4096))
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        for _ in 0..<4 { _ = try server.receive(Frame(.data, 1, [], Array(repeating: 0, count: 50_000))) }
    }
}
