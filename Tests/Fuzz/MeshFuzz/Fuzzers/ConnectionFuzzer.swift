import MeshWire

/// A client and a server that both follow the protocol, in an order of events that the bytes decide.
///
/// Neither may ever accuse the other. Once everything has been said and read, no stream is open, no slot is taken, nothing is queued,
/// nothing is stuck, and every byte of Data has been credited to the connection.
struct ConnectionFuzzer {
    private let mode: WireMode
    private var client: ClientEnd
    private var server: ServerEnd
    private var toServer = Direction()
    private var toClient = Direction()
    private var ids: [UInt32] = []
    private var events = 0

    private static let maximumEvents = 3000

    static func run(_ bytes: UnsafeRawBufferPointer, losesCredit: Bool) {
        var script = Script(bytes)
        var fuzzer = ConnectionFuzzer(&script, losesCredit: losesCredit)
        do {
            while !script.isAtEnd, fuzzer.events < maximumEvents { try fuzzer.event(&script) }
            try fuzzer.settle()
            try fuzzer.probe()
        } catch {
            require(false, "one side accuses the other: \(error)")
        }
    }

    private init(_ script: inout Script, losesCredit: Bool) {
        mode = script.byte() & 3 == 3 ? .baseline : .mesh
        client = ClientEnd(mode, Self.settings(&script), losesCredit: losesCredit)
        server = ServerEnd(mode, Self.settings(&script))
    }

    private static func settings(_ script: inout Script) -> Settings {
        var settings = Settings.default
        settings.initialStreamWindow = script.choice([4096, 5000, 65_536, 256 << 10])
        settings.initialConnectionWindow = script.choice([4096, 5000, 8192, 65_536])
        settings.maximumMessageBytes = script.choice([100, 5000, 70_000, 4 << 20])
        settings.maximumDataFrame = script.choice([1024, 4096, 64 << 10])
        settings.maximumConcurrentStreams = script.choice([1, 2, 16, 256])
        return settings
    }

    private static func length(_ script: inout Script) -> Int {
        [0, 1, 10, 100, 1000, 1014, 4086, 5000, 20_000, 70_000, 300_000][script.number(below: 11)] + Int(script.byte())
    }

    // MARK: Events

    private mutating func event(_ script: inout Script) throws {
        events += 1
        // Rates are another matter: these two keep to them.
        if events.isMultiple(of: 100) { tick() }
        switch script.number(below: 18) {
        case 0, 1: open(&script)
        case 2, 3: client.send(stream(&script), Self.length(&script))
        case 4: client.finish(stream(&script))
        case 5: client.cancel(stream(&script))
        case 6, 7: server.send(stream(&script), Self.length(&script))
        case 8: server.handlerReturns(stream(&script), fails: script.byte() & 1 == 0, Self.length(&script))
        case 9: client.write(script.number(below: 8), &toServer, &toClient)
        case 10: server.write(script.number(below: 8), &toClient, &toServer)
        case 11, 12: for _ in 0...script.number(below: 8) { try deliverToServer() }
        case 13: for _ in 0...script.number(below: 8) { try deliverToClient() }
        case 14: client.read(stream(&script))
        case 15: server.read(stream(&script))
        case 16: server.giveHeaders(stream(&script))
        default: try rare(&script)
        }
    }

    private mutating func rare(_ script: inout Script) throws {
        switch script.number(below: 8) {
        case 0: server.machine.beginDrain()
        case 1: try server.finishDrain()
        case 2:
            tick()
            _ = client.machine.ping()
        default: tick()
        }
    }

    private mutating func tick() {
        client.machine.intervalPassed()
        server.machine.intervalPassed()
    }

    private mutating func open(_ script: inout Script) {
        let kind = script.byte()
        if let id = client.open(streamsIn: kind & 1 != 0, streamsOut: kind & 2 != 0, Self.length(&script)) { ids.append(id) }
    }

    /// One of the last streams that were opened.
    private func stream(_ script: inout Script) -> UInt32 {
        ids.isEmpty ? 1 : ids[ids.count - 1 - script.number(below: min(ids.count, 16))]
    }

    private mutating func deliverToServer() throws {
        guard let frame = toServer.deliver() else { return }
        let kinds = client.kinds
        try server.receive(frame) { kinds[$0]?.streamsIn ?? false }
    }

    private mutating func deliverToClient() throws {
        guard let frame = toClient.deliver() else { return }
        try client.receive(frame)
        require(client.machine.openStreams == client.calls.count, "\(client.calls.count) calls, \(client.machine.openStreams) streams")
    }

    // MARK: The end

    /// Lets everything that was begun come to its end.
    private mutating func settle() throws {
        for id in ids { client.finish(id) }
        // Much that waits for small windows takes many rounds: stuck is where they bring nothing.
        var (round, lastStep, left) = (0, 0, Int.max)
        while !(round > 4 && isQuiet), round - lastStep < 100 {
            tick()
            client.write(1000, &toServer, &toClient)
            while !toServer.isEmpty { try deliverToServer() }
            for id in ids { while server.end.unread[id]?.isEmpty == false { server.read(id) } }
            if round > 2 { for id in server.handlers.keys.sorted() { server.handlerReturns(id, fails: false, 10) } }
            server.write(1000, &toClient, &toServer)
            while !toClient.isEmpty { try deliverToClient() }
            for id in ids { while client.end.unread[id]?.isEmpty == false { client.read(id) } }
            if waiting < left { (lastStep, left) = (round, waiting) }
            round += 1
        }
        require(isQuiet, "stuck: \(client.calls.count) calls wait")
        require(client.machine.openStreams == 0 && server.machine.openStreams == 0, "streams are open after the last call")
        require(server.machine.busySlots == 0, "\(server.machine.busySlots) slots are taken after the last handler")
        for queue in [client.end.queue, server.end.queue] {
            require(queue.isEmpty && queue.queuedBytes == 0 && queue.queuedMessages == 0, "\(queue.queuedBytes) bytes are still queued")
        }
    }

    private var waiting: Int {
        [client.end.queue, server.end.queue].reduce(client.calls.count + server.handlers.count) { $0 + $1.queuedBytes + $1.queuedMessages }
    }

    private var isQuiet: Bool {
        client.calls.isEmpty && server.handlers.isEmpty && toServer.isEmpty && toClient.isEmpty && client.end.queue.isEmpty
            && server.end.queue.isEmpty && !client.machine.hasControlFrames && !server.machine.hasControlFrames
    }

    /// Sends small messages until the receiver credits the connection: then it has credited all that ever came.
    private mutating func probe() throws {
        guard mode == .mesh, let id = client.open(streamsIn: true, streamsOut: true, 0) else { return }
        ids.append(id)
        try exchange()
        let (up, down) = (Int(client.machine.peer.maximumMessageBytes), Int(server.machine.peer.maximumMessageBytes))
        try probe(\.toServer, "the server") { $0.client.send(id, min(up, 1000)) }
        try probe(\.toClient, "the client") { $0.server.send(id, min(down, 1000)) }
    }

    private mutating func probe(
        _ direction: KeyPath<Self, Direction>, _ receiver: String, _ send: (inout Self) -> Void
    ) throws {
        let before = self[keyPath: direction].credited
        // Half of the largest window, in messages of a hundred bytes, takes 300.
        for _ in 0..<1000 where self[keyPath: direction].credited == before {
            send(&self)
            try exchange()
        }
        let (charged, credited) = (self[keyPath: direction].charged, self[keyPath: direction].credited)
        require(credited > before, "\(receiver) never credits the connection")
        require(charged == credited, "\(receiver) took \(charged) bytes and credited \(credited)")
    }

    private mutating func exchange() throws {
        tick()
        client.write(10, &toServer, &toClient)
        while !toServer.isEmpty { try deliverToServer() }
        for id in ids.suffix(1) { server.read(id) }
        server.write(10, &toClient, &toServer)
        while !toClient.isEmpty { try deliverToClient() }
        for id in ids.suffix(1) { client.read(id) }
        // Credit just given.
        client.write(0, &toServer, &toClient)
        server.write(0, &toClient, &toServer)
    }
}
