import Testing

@testable import MeshWire

/// What a client makes a server hold beyond what windows bound, and how the driver's room bounds it.
struct HeldBytesTests {
    private static let part = [UInt8](repeating: 7, count: 1000)

    /// A server with an open stream whose client sends messages.
    private func server(mode: WireMode = .mesh) throws -> ServerStateMachine {
        var server = try mode == .mesh ? .ready() : ServerStateMachine(mode: .baseline)
        _ = try server.receive(Frame(.request, 1, [.remoteOpen, .noData]))
        if mode == .baseline { _ = server.resolve(1, takesStream: true, flags: .remoteOpen) }
        return server
    }

    /// Two parts and a last one.
    ///
    /// - Returns: what its reader gives back.
    @discardableResult
    private func sendLongMessage(_ server: inout ServerStateMachine) throws -> Int {
        for _ in 0..<2 { _ = try server.receive(Frame(.data, 1, .more, Self.part)) }
        guard case .message(1, let charge, ends: false) = try server.receive(Frame(.data, 1, [], Self.part)) else { return 0 }
        return charge
    }

    @Test("a sender that knows of too little window for a fragment is not the one who holds its message up", arguments: [8192, 65_536, 262_144])
    func letsSend(window: Int) throws {
        var settings = Settings.default
        settings.initialStreamWindow = UInt32(window)
        var server = ServerStateMachine(mode: .mesh, settings: settings)
        _ = server.takeControlFrames()
        _ = try server.receive(.settings(.default))
        _ = try server.receive(Frame(.request, 1, [.remoteOpen, .noData]))
        let least = WireLimits.smallestFragment + FrameHeader.size
        // A whole message of which the reader knows nothing yet, and all but the least of the window.
        let waiting = window - least - FrameHeader.size
        _ = try server.receive(Frame(.data, 1, [], [UInt8](repeating: 7, count: waiting)))
        #expect(server.letsSend(on: 1))
        _ = try server.receive(Frame(.data, 1, .more, [7]))
        #expect(!server.letsSend(on: 1))
        server.consumed(1, charge: waiting + FrameHeader.size, on: 1)
        #expect(server.letsSend(on: 1))
    }

    @Test("a connection's window holds its streams up, too; baseline's has none")
    func letsSendOnConnection() throws {
        var server = try server()
        for id in stride(from: UInt32(3), through: 9, by: 2) { _ = try server.receive(Frame(.request, id, [.remoteOpen, .noData])) }
        for id in stride(from: UInt32(3), through: 9, by: 2) {
            for _ in 0..<4 { _ = try server.receive(Frame(.data, id, [], [UInt8](repeating: 7, count: 65_500))) }
        }
        #expect(!server.letsSend(on: 1))
        for id in stride(from: UInt32(3), through: 9, by: 2) { server.consumed(4, charge: 4 * 65_510, on: id) }
        #expect(server.letsSend(on: 1))
        #expect(try self.server(mode: .baseline).letsSend(on: 1))
    }

    @Test("when nobody will read a stream any more its messages go, and those to come hold nothing and are credited")
    func readsNoMore() throws {
        for mode in [WireMode.mesh, .baseline] {
            var server = try server(mode: mode)
            server.room = 1500
            if mode == .mesh { _ = try server.receive(Frame(.data, 1, .more, Self.part)) }
            server.readNoMore(on: 1)
            #expect(server.heldBytes == 0 && server.isOpen(1))
            for _ in 0..<1000 { #expect(try server.receive(Frame(.data, 1, mode == .mesh ? .more : [], Self.part)) == .none) }
            #expect(server.heldBytes == 0)
            // Empty messages are messages.
            for _ in 0...WireLimits.freeFramesPerInterval { #expect(try server.receive(Frame(.data, 1, [], [])) == .none) }
            if mode == .baseline { #expect(try server.receive(Frame(.data, 1, [], Self.part).header, nil) == .none) }
            #expect(try server.receive(Frame(.data, 1, .remoteClosed, Self.part)) == .none)
            server.answered(1)
            #expect(!server.isOpen(1))
        }
    }

    @Test("parts of a Request count until it is complete, or given up")
    func request() throws {
        var server = try server()
        _ = try server.receive(Frame(.request, 3, .more, Self.part))
        _ = try server.receive(Frame(.request, 5, .more, Self.part))
        #expect(server.heldBytes == 2000)
        #expect(try server.receive(Frame(.request, 3, [], Self.part)) == .request(3, clientStreams: false))
        #expect(server.heldBytes == 1000)
        _ = try server.receive(.cancel(streamID: 5, code: 1, reason: ""))
        #expect(server.heldBytes == 0)
    }

    @Test("parts of a stream message count until it is taken; a message in one frame, which a window bounds, does not")
    func message() throws {
        var server = try server()
        try sendLongMessage(&server)
        _ = try server.receive(Frame(.data, 1, [], Self.part))
        #expect(server.heldBytes == 2000)
        // Credited as they came, the parts are the first message's; what comes behind it waits for the window.
        server.consumed(1, charge: 1010, on: 1)
        #expect(server.heldBytes == 0)
        server.consumed(1, charge: 1010, on: 1)
        #expect(server.heldBytes == 0)
    }

    @Test("a reader that is always a message behind makes nothing grow")
    func oneBehind() throws {
        var server = try server()
        var waiting = try sendLongMessage(&server)
        for _ in 0..<50 {
            let next = try sendLongMessage(&server)
            #expect(server.heldBytes <= 2000)
            server.consumed(1, charge: waiting, on: 1)
            waiting = next
        }
        server.consumed(1, charge: waiting, on: 1)
        #expect(server.heldBytes == 0)
    }

    @Test("a message in the Request is taken first: what came in parts behind it still counts then")
    func inRequest() throws {
        var server = try server()
        server.requestHadMessage(1)
        server.consumed(1, charge: 0, on: 1)
        try sendLongMessage(&server)
        #expect(server.heldBytes == 2000)

        var behind = try self.server()
        behind.requestHadMessage(1)
        let charge = try sendLongMessage(&behind)
        // The parts waited for the window, as one message was there.
        #expect(behind.heldBytes == 0)
        behind.consumed(1, charge: 0, on: 1)
        #expect(charge == 3030)
        behind.consumed(1, charge: charge, on: 1)
        #expect(behind.heldBytes == 0)
    }

    @Test("what a stream held goes with it, complete or not", arguments: [false, true])
    func closed(cancelled: Bool) throws {
        var server = try server()
        try sendLongMessage(&server)
        _ = try server.receive(Frame(.data, 1, .more, Self.part))
        #expect(server.heldBytes == 3000)
        if cancelled { _ = try server.receive(.cancel(streamID: 1, code: 1, reason: "")) } else { server.answered(1) }
        #expect(server.heldBytes == 0)
    }

    @Test("baseline: every message counts until it is taken, also when its stream has ended")
    func baseline() throws {
        var server = try server(mode: .baseline)
        for _ in 0..<3 { _ = try server.receive(Frame(.data, 1, [], Self.part)) }
        #expect(server.heldBytes == 3030)
        server.consumed(1, charge: 1010, on: 1)
        server.answered(1)
        #expect(server.heldBytes == 2020)
        server.consumed(2, charge: 2020, on: 1)
        #expect(server.heldBytes == 0)
    }

    @Test("Requests whose parts find no room are free for their sender: a flood of them ends the connection, others are not held against it")
    func refusedRequests() throws {
        var server = try server()
        server.room = 0
        var id: UInt32 = 1
        func refuse(_ server: inout ServerStateMachine, times: Int) throws {
            for _ in 0..<times {
                id += 2
                #expect(try server.receive(Frame(.request, id, .more, Self.part)) == .reject(id, .overloaded, ends: true))
            }
        }
        try refuse(&server, times: WireLimits.freeFramesPerInterval)
        var calm = server
        let failure = #expect(throws: ConnectionFailure.self) { try server.receive(Frame(.request, id + 2, .more, Self.part)) }
        #expect(failure?.code == .enhanceYourCalm && failure?.reason.contains("refused Request") == true)
        calm.intervalPassed()
        try refuse(&calm, times: WireLimits.freeFramesPerInterval)
    }

    @Test("without room a Request is sent away as overload, a stream ends; nothing of it is held")
    func room() throws {
        var server = try server()
        server.room = 1500
        _ = try server.receive(Frame(.data, 1, .more, Self.part))
        #expect(try server.receive(Frame(.request, 3, .more, Self.part)) == .reject(3, .overloaded, ends: true))
        #expect(server.heldBytes == 1000)
        #expect(try server.receive(Frame(.data, 1, .more, Self.part)) == .reject(1, .serverAssemblyFull, ends: true))
        #expect(server.heldBytes == 0)

        var stock = try self.server(mode: .baseline)
        stock.room = 1500
        _ = try stock.receive(Frame(.data, 1, [], Self.part))
        #expect(try stock.receive(Frame(.data, 1, [], Self.part)) == .reject(1, .serverQueueFull, ends: true))
        #expect(stock.heldBytes == 1010)
    }
}
