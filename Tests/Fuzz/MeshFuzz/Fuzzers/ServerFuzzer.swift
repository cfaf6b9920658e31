import Logging
@testable import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import NIOEmbedded

/// A whole server connection over a loop without a clock: frames good and bad, handlers that wait and go on, a link that stalls.
///
/// Nothing traps; once the link is gone and the handlers have returned, no call is left, no slot is taken, nothing is queued, and
/// nobody holds the connection any more.
final class ServerFuzzer {
    private let loop = EmbeddedEventLoop()
    private let link: StubLink
    private var connection: ServerConnection?
    private let gate = Gate()
    private let mode: WireMode
    private var lastID: UInt32 = 0

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var script = Script(bytes)
        let fuzzer = ServerFuzzer(&script)
        weak let connection = fuzzer.connection
        var events = 0
        while !script.isAtEnd, events < 500 {
            fuzzer.event(&script)
            events += 1
        }
        fuzzer.end()
        require(connection == nil, "somebody holds the connection after its end")
    }

    private init(_ script: inout Script) {
        let options = script.byte()
        mode = options & 1 == 0 ? .mesh : .baseline
        link = StubLink(loop, mode)
        var limits = ConnectionLimits.default
        limits.settings.initialStreamWindow = 5000
        limits.settings.maximumConcurrentStreams = 8
        limits.settings.maximumMessageBytes = 60_000
        let service = ServiceDefinition(name: "f.F", methods: Self.methods(gate))
        let dispatcher = Dispatcher(
            services: [service], authenticator: nil, interceptors: [], logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
        let peer = PeerIdentity(spiffeID: "spiffe://fuzz/fuzz", name: "fuzz")
        let connection = ServerConnection(loop: loop, link: link, peer: peer, mode: mode, dispatcher: dispatcher, limits: limits)
        self.connection = connection
        connection.start { _ in }
        if mode == .mesh, options & 2 == 0 { deliver(ControlFrame.settings(Self.settings(options, &script)).encoded) }
    }

    /// A client's.
    private static func settings(_ options: UInt8, _ script: inout Script) -> Settings {
        var settings = Settings.default
        guard options & 4 != 0 else { return settings }
        settings.maximumMessageBytes = script.choice([1, 20, 50, 86, 120, 1000])
        settings.maximumMetadataBytes = script.choice([0, 10, 1000])
        settings.initialStreamWindow = script.choice([4096, 65_536])
        settings.maximumDataFrame = script.choice([1024, 65_536])
        return settings
    }

    // MARK: Methods

    private static func methods(_ gate: Gate) -> [MethodImplementation] {
        func descriptor(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
            let policy = MethodPolicy(callers: ["fuzz"], callersWithoutUser: ["fuzz"], defaultDeadline: .seconds(3600))
            return MethodDescriptor(service: "f.F", name: name, kind: kind, policy: policy)
        }
        return [
            MethodImplementation(descriptor("E", .unary), .unary { message, _ in message }),
            MethodImplementation(descriptor("H", .unary), .unary { message, _ in
                await gate.wait()
                return message
            }),
            MethodImplementation(descriptor("X", .unary), .unary { _, _ in throw RPCError(.aborted, "no", trailers: ["a": "b"]) }),
            MethodImplementation(descriptor("S", .serverStreaming), .serverStreaming { message, sink, context in
                context.response.initial = ["k": "v"]
                for _ in 0..<20 { try await sink.send(ByteBuffer(repeating: 1, count: 700)) }
                context.response.trailing = ["t": "v"]
            }),
            MethodImplementation(descriptor("C", .clientStreaming), .clientStreaming { requests, _ in
                var count = 0
                for try await request in requests { count += request.readableBytes }
                return ByteBuffer(integer: count)
            }),
            MethodImplementation(descriptor("B", .bidirectional), .bidirectional { requests, sink, _ in
                for try await request in requests { try await sink.send(request) }
            }),
            MethodImplementation(descriptor("L", .bidirectional), .bidirectional { requests, sink, _ in
                await gate.wait()
                for try await request in requests { try await sink.send(request) }
            }),
        ]
    }

    // MARK: Events

    private func event(_ script: inout Script) {
        switch script.number(below: 16) {
        case 0...3: request(&script)
        case 4, 5: data(&script)
        case 6: deliver(ControlFrame.cancel(streamID: id(&script) | 1, code: 1, reason: "").encoded)
        case 7: deliver(ControlFrame.windowUpdate(streamID: script.choice([0, id(&script)]), increment: UInt32(script.word())).encoded)
        case 8: deliver(ControlFrame.ping(UInt64(script.byte())).encoded)
        case 9: gate.release()
        case 10: setWritable(script.byte() & 1 == 0)
        case 11: loop.advanceTime(by: .milliseconds(Int64(script.byte()) * 10))
        case 12: deliver(script.take(1 + script.number(below: 40)))
        case 13: deliver(ControlFrame.pong(ServerStateMachine.drainPing).encoded)
        case 14 where script.byte() & 15 == 0: connection?.drain()
        default: deliver(frame(FrameType(rawValue: script.byte()), id(&script), FrameFlags(rawValue: script.byte()), script.take(8)))
        }
        loop.run()
    }

    private func id(_ script: inout Script) -> UInt32 { lastID &- UInt32(script.number(below: 5)) }

    private func frame(_ type: FrameType, _ id: UInt32, _ flags: FrameFlags, _ data: [UInt8]) -> [UInt8] {
        FrameHeader(length: UInt32(data.count), streamID: id, type: type, flags: flags).encoded + data
    }

    private func request(_ script: inout Script) {
        lastID &+= lastID == 0 ? 1 : 2
        let method = script.choice(["E", "H", "X", "S", "C", "B", "L", "?"])
        let kinds: [String: FrameFlags] = ["S": .remoteClosed, "C": [.remoteOpen, .noData], "B": [.remoteOpen, .noData], "L": .remoteOpen]
        let message = MeshV1.Request(
            service: "f.F", method: method, payload: [UInt8](repeating: 7, count: Int(script.word())),
            metadata: script.byte() & 1 == 0 ? [] : [.init(key: "k", value: "v")])
        guard let packed = try? message.packed() else { return }
        let flags = kinds[method] ?? []
        let cut = script.byte() & 3 == 0 ? Int(script.word()) % (packed.count + 1) : 0
        if mode == .mesh, cut > 0 { deliver(frame(.request, lastID, flags.union(.more), Array(packed[..<cut]))) }
        deliver(frame(.request, lastID, flags, Array(packed[(mode == .mesh ? cut : 0)...])))
    }

    private func data(_ script: inout Script) {
        let flags = FrameFlags(rawValue: script.choice([0, 0, 0, 8, 8, 1, 5, 4]))
        let length = script.choice([0, 1, 100, 1500])
        deliver(frame(.data, id(&script), flags, [UInt8](repeating: 3, count: flags.contains(.noData) ? 0 : length)))
    }

    private func deliver(_ bytes: [UInt8]) {
        guard !link.isClosed else { return }
        connection?.received(ByteBuffer(bytes: bytes))
        connection?.readCompleted()
    }

    private func setWritable(_ isWritable: Bool) {
        link.isStalled = !isWritable
        connection?.writabilityChanged()
    }

    // MARK: The end

    private func end() {
        loop.run()
        connection?.linkClosed(nil)
        gate.open()
        loop.run()
        if let connection {
            require(connection.calls.isEmpty && connection.pending.isEmpty, "calls are left after the connection's end")
            require(connection.machine.busySlots == 0 || connection.machine.openStreams > 0, "slots are taken by handlers that have returned")
            require(connection.transport.queuedBytes == 0 && connection.transport.queuedMessages == 0, "bytes are queued after the end")
        }
        connection = nil
        // Timers end with the connection; the last of them may still be due.
        loop.advanceTime(by: .hours(48))
        loop.run()
    }
}

/// What a server writes to: checks that it is frames.
private final class StubLink: FrameLink {
    private let loop: EmbeddedEventLoop
    private let mode: WireMode
    private var splitter: FrameSplitter
    private(set) var isClosed = false
    var isStalled = false

    init(_ loop: EmbeddedEventLoop, _ mode: WireMode) {
        self.loop = loop
        self.mode = mode
        splitter = FrameSplitter(mode: mode, settings: .default)
    }

    var isWritable: Bool { !isStalled && !isClosed }

    func send(_ bytes: ByteBuffer) {
        require(!isClosed, "bytes after the close")
        bytes.withUnsafeReadableBytes { raw in
            do throws(ConnectionFailure) {
                try splitter.split(raw) { header, _ throws(ConnectionFailure) in
                    let isBaseline = header.type == .response || header.type == .data
                    require(mode == .mesh || isBaseline, "an extension frame in baseline: type \(header.type.rawValue)")
                }
            } catch {
                require(false, "what the server writes is no frame: \(error)")
            }
        }
    }

    func close() {
        isClosed = true
    }
}

/// Where handlers wait until they are let go on, in the order they came.
private final class Gate: @unchecked Sendable {
    // One thread only.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isOpen = false

    func wait() async {
        await withCheckedContinuation { continuation in
            if isOpen { continuation.resume() } else { waiting.append(continuation) }
        }
    }

    func release() {
        if !waiting.isEmpty { waiting.removeFirst().resume() }
    }

    func open() {
        isOpen = true
        while !waiting.isEmpty { release() }
    }
}
