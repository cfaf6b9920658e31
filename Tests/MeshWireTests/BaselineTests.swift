import MeshWire
import Testing

/// ttrpc 1.2 with its traps: nothing that a stock peer sends closes the connection, no extension frame leaves.
struct BaselineTests {
    private func code(_ action: ServerStateMachine.Action) -> UInt32? {
        if case .reject(_, let rejection, _) = action { rejection.code } else { nil }
    }

    @Test("no SETTINGS, no CANCEL, no GOAWAY, no WINDOW_UPDATE is ever queued")
    func noExtensions() throws {
        var server = ServerStateMachine(mode: .baseline)
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        for _ in 0..<50 { _ = try server.receive(Frame(.data, 1, [], Array(repeating: 0, count: 100_000))) }
        server.beginDrain()
        #expect(server.finishDrain() == [])
        server.fail(ConnectionFailure(.noError, ""))
        server.ping()
        #expect(!server.hasControlFrames)
        var client = ClientStateMachine(mode: .baseline)
        _ = client.open(expectsData: true)
        client.cancel(1, code: 1, reason: "")
        let pinged = client.ping()
        #expect(!pinged)
        client.fail(ConnectionFailure(.noError, ""))
        #expect(!client.hasControlFrames)
    }

    @Test("ids: even ones and ones not above the last are answered with status 3; gaps are fine")
    func ids() throws {
        var server = ServerStateMachine(mode: .baseline)
        #expect(try server.receive(Frame(.request, 5)) == .request(5, clientStreams: false))
        #expect(try code(server.receive(Frame(.request, 5))) == 3)
        #expect(try code(server.receive(Frame(.request, 3))) == 3)
        #expect(try code(server.receive(Frame(.request, 2))) == 3)
        #expect(try code(server.receive(Frame(.request, 0))) == 3)
        #expect(try server.receive(Frame(.request, 9)) == .request(9, clientStreams: false))
    }

    @Test("unknown types are ignored on odd ids and status 3 on even ones")
    func unknown() throws {
        var server = ServerStateMachine(mode: .baseline)
        for type in [FrameType.ping, .settings, .cancel, .response, FrameType(rawValue: 0x7f)] {
            #expect(try server.receive(Frame(type, 1)) == .none)
            #expect(try code(server.receive(Frame(type, 0))) == 3)
        }
        #expect(try server.receive(Frame(.request, 1)) == .request(1, clientStreams: false))
    }

    @Test("Data on a unary call is status 3 and ends it; on a stream that is gone it is status 3")
    func strayData() throws {
        var server = ServerStateMachine(mode: .baseline)
        _ = try server.receive(Frame(.request, 1))
        guard case .reject(1, let rejection, true) = try server.receive(Frame(.data, 1, [.remoteClosed, .noData])) else {
            Issue.record("not refused")
            return
        }
        #expect(rejection.code == 3)
        #expect(try code(server.receive(Frame(.data, 1))) == 3)
        #expect(try code(server.receive(Frame(.data, 7))) == 3)
    }

    @Test("whether messages may come is what the method says, whatever the Request's flags said")
    func methodDecides() throws {
        var server = ServerStateMachine(mode: .baseline)
        for (id, flags) in [(1, .remoteOpen), (3, []), (5, .remoteOpen)] as [(UInt32, FrameFlags)] {
            _ = try server.receive(Frame(.request, id, flags))
            let isOpen = server.resolve(id, takesStream: false, flags: flags)
            #expect(!isOpen)
        }
        #expect(try code(server.receive(Frame(.data, 1, [], [1]))) == 3)
        #expect(!server.isOpen(1))
        #expect(try code(server.receive(Frame(.data, 3, [], [1]))) == 3)
        // Who said that messages come may say that there are none.
        #expect(try server.receive(Frame(.data, 5, [.remoteClosed, .noData])) == .halfClosed(5))
        #expect(server.isOpen(5))
        for (id, flags, expected) in [(7, [], true), (9, .remoteOpen, true), (11, .remoteClosed, false)] as [(UInt32, FrameFlags, Bool)] {
            _ = try server.receive(Frame(.request, id, flags))
            let isOpen = server.resolve(id, takesStream: true, flags: flags)
            #expect(isOpen == expected)
            let message = try server.receive(Frame(.data, id, [], [1]))
            if isOpen { #expect(message == .message(id, charge: 11, ends: false)) } else { #expect(code(message) == 3) }
        }
    }

    @Test("the last message may carry the end, though we never send it so")
    func closeWithData() throws {
        var server = ServerStateMachine(mode: .baseline)
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        guard case .message(1, _, true) = try server.receive(Frame(.data, 1, .remoteClosed, [1])) else {
            Issue.record("no message")
            return
        }
    }

    @Test("a frame too long is status 8 and does not use its id up")
    func oversized() throws {
        var server = ServerStateMachine(mode: .baseline)
        #expect(try code(server.receive(Frame(FrameHeader(length: 5 << 20, streamID: 1, type: .request), nil))) == 8)
        #expect(try server.receive(Frame(.request, 1)) == .request(1, clientStreams: false))
    }

    @Test("what may wait unread is bounded in messages and in bytes; one more ends that stream with status 8", arguments: [(16_384, 1), (15, 256 << 10)])
    func queueBound(_ room: Int, _ length: Int) throws {
        var server = ServerStateMachine(mode: .baseline)
        let message = Frame(.data, 1, [], Array(repeating: 1, count: length))
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        for _ in 0..<room { #expect(try server.receive(message) == .message(1, charge: length + 10, ends: false)) }
        server.consumed(1, charge: length + 10, on: 1)
        #expect(try server.receive(message) == .message(1, charge: length + 10, ends: false))
        #expect(try code(server.receive(message)) == 8)
        #expect(!server.isOpen(1))
        // What was under way already is not answered again.
        #expect(try server.receive(message) == .none)
        #expect(try server.receive(Frame(.data, 1, [.remoteClosed, .noData])) == .none)
    }

    @Test("one message of any length finds room")
    func oneAlways() throws {
        var server = ServerStateMachine(mode: .baseline)
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        let longest = Frame(.data, 1, [], Array(repeating: 1, count: WireLimits.maximumMessageBytes))
        #expect(try server.receive(longest) == .message(1, charge: longest.header.charge, ends: false))
        #expect(try code(server.receive(Frame(.data, 1))) == 8)
    }

    @Test("what may wait unread on all streams of a connection is bounded; one message more ends its stream alone, and what is read makes room")
    func connectionBound() throws {
        var server = ServerStateMachine(mode: .baseline)
        let message = { Frame(.data, $0, [], Array(repeating: 1, count: 1 << 20)) }
        let charge = message(1).header.charge
        for id in stride(from: UInt32(1), to: 41, by: 2) { _ = try server.receive(Frame(.request, id, .remoteOpen)) }
        let room = WireLimits.baselineUnreadBytes / charge
        for number in 0..<room {
            let id = UInt32(number * 2 + 1)
            #expect(try server.receive(message(id)) == .message(id, charge: charge, ends: false))
        }
        #expect(try code(server.receive(message(33))) == 8)
        #expect(!server.isOpen(33))
        #expect((1..<33).filter { $0 % 2 == 1 }.allSatisfy(server.isOpen))
        server.consumed(1, charge: charge, on: 1)
        #expect(try server.receive(message(35)) == .message(35, charge: charge, ends: false))
        #expect(try code(server.receive(message(37))) == 8)
        // A stream that ends with messages unread holds its part until they are thrown away.
        server.answered(3)
        #expect(try code(server.receive(message(39))) == 8)
        server.consumed(1, charge: charge, on: 3)
        #expect(try server.receive(message(1)) == .message(1, charge: charge, ends: false))
    }

    @Test("a client's connection has the same bound, and the last message of a stream counts as those before it")
    func connectionBoundOfClient() throws {
        var client = ClientStateMachine(mode: .baseline)
        let message = { Frame(.data, $0, $1, Array(repeating: 1, count: 1 << 20)) }
        let charge = message(1, []).header.charge
        for _ in 0..<20 { _ = client.open(expectsData: true) }
        for id in stride(from: UInt32(1), to: 31, by: 2) {
            #expect(try client.receive(message(id, .remoteClosed)) == .ended(id, charge: charge))
        }
        guard case .failed(31, let rejection) = try client.receive(message(31, .remoteClosed)) else {
            Issue.record("taken")
            return
        }
        #expect(rejection.code == 8)
        guard case .failed(33, _) = try client.receive(message(33, [])) else {
            Issue.record("taken")
            return
        }
        // They have ended and are read now.
        client.consumed(1, charge: charge, on: 1)
        #expect(try client.receive(message(35, [])) == .message(35, charge: charge))
    }

    @Test("a client drops what it does not know, and takes both ends of a stream")
    func client() throws {
        var client = ClientStateMachine(mode: .baseline)
        _ = client.open(expectsData: true)
        _ = client.open(expectsData: true)
        #expect(try client.receive(Frame(.response, 99)) == .none)
        #expect(try client.receive(Frame(FrameType(rawValue: 0x30), 1)) == .none)
        guard case .message(1, _) = try client.receive(Frame(.data, 1)) else {
            Issue.record("an empty message is a message")
            return
        }
        #expect(try client.receive(Frame(.data, 1, [.remoteClosed, .noData])) == .ended(1, charge: nil))
        #expect(try client.receive(Frame(.data, 3, .remoteClosed, [1])) == .ended(3, charge: 11))
        _ = client.open(expectsData: false)
        #expect(try client.receive(Frame(.response, 5, FrameFlags(rawValue: 0x80), [1])) == .response(5, statusOnly: false))
    }
}
