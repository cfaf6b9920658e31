@testable import MeshWire
import Testing

struct ClientStateMachineTests {
    @Test("ids are odd, increase, and run out")
    func ids() throws {
        var client = try ClientStateMachine.ready()
        #expect(client.open(expectsData: false) == 1)
        #expect(client.open(expectsData: true) == 3)
        client = client.skipping(to: WireLimits.lastStreamID)
        #expect(client.open(expectsData: false) == WireLimits.lastStreamID)
        #expect(client.availability == .exhausted)
        #expect(client.open(expectsData: false) == nil)
    }

    @Test("opens no more streams than the server takes")
    func limit() throws {
        var settings = Settings()
        settings.maximumConcurrentStreams = 2
        var client = try ClientStateMachine.ready(server: settings)
        _ = client.open(expectsData: false)
        _ = client.open(expectsData: false)
        #expect(client.availability == .full)
        #expect(client.open(expectsData: false) == nil)
        #expect(try client.receive(Frame(.response, 1)) == .response(1, statusOnly: false))
        #expect(client.open(expectsData: false) == 5)
    }

    @Test("calls may begin before the server's SETTINGS came")
    func early() throws {
        var client = ClientStateMachine(mode: .mesh)
        #expect(client.open(expectsData: false) == 1)
        #expect(client.takeControlFrames() == [.settings(.default)])
        #expect(throws: ConnectionFailure.self) { try client.receive(Frame(.response, 1)) }
    }

    @Test("an answer: metadata, messages, status")
    func answer() throws {
        var client = try ClientStateMachine.ready()
        _ = client.open(expectsData: true)
        #expect(try client.receive(Frame(.headers, 1, [], [1])) == .headers(1))
        #expect(try client.receive(Frame(.data, 1, [], [1])) == .message(1, charge: 11))
        #expect(try client.receive(Frame(.data, 1, .more, [1])) == .messagePart(1))
        #expect(try client.receive(Frame(.data, 1, [], [1])) == .message(1, charge: 22))
        #expect(try client.receive(Frame(.response, 1, [.statusOnly, .more], [1])) == .responsePart(1))
        #expect(try client.receive(Frame(.response, 1, .statusOnly, [1])) == .response(1, statusOnly: true))
        #expect(!client.isOpen(1))
    }

    @Test("HEADERS come at most once, and before the answer")
    func headersOnce() throws {
        var client = try ClientStateMachine.ready()
        _ = client.open(expectsData: true)
        _ = try client.receive(Frame(.headers, 1))
        var copy = client
        #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(.headers, 1)) }
        _ = client.open(expectsData: true)
        _ = try client.receive(Frame(.data, 3))
        #expect(throws: ConnectionFailure.self) { try client.receive(Frame(.headers, 3)) }
    }

    @Test("Data for a unary call and inside a Response are errors; a Response may cut a message short")
    func wrongOrder() throws {
        var client = try ClientStateMachine.ready()
        _ = client.open(expectsData: false)
        _ = client.open(expectsData: true)
        var copy = client
        #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(.data, 1)) }
        copy = client
        _ = try copy.receive(Frame(.response, 3, .more, [1]))
        #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(.data, 3)) }
        _ = try client.receive(Frame(.data, 3, .more, [1]))
        #expect(try client.receive(Frame(.response, 3)) == .response(3, statusOnly: false))
    }

    @Test("late frames of a stream given up are ignored, of one that never was are an error")
    func lateFrames() throws {
        var client = try ClientStateMachine.ready()
        _ = client.open(expectsData: true)
        client.cancel(1, code: 1, reason: "")
        #expect(client.takeControlFrames() == [.cancel(streamID: 1, code: 1, reason: "")])
        for frame in [Frame(.headers, 1), Frame(.data, 1, [], [1]), Frame(.response, 1)] {
            #expect(try client.receive(frame) == .none)
        }
        #expect(throws: ConnectionFailure.self) { try client.receive(Frame(.response, 7)) }
    }

    @Test(
        "frames that cost a server nothing are counted: those of calls that were given up, and parts without data",
        arguments: [
            Frame(.headers, 1, [], [1]), Frame(.response, 1, [], [1]), Frame(.response, 1, .more, [1]), Frame(.response, 3, .more),
            Frame(.data, 5, .more),
        ])
    func freeFrames(_ frame: Frame) throws {
        var client = try ClientStateMachine.ready()
        for _ in 0..<3 { _ = client.open(expectsData: true) }
        client.cancel(1, code: 1, reason: "")
        for _ in 0..<WireLimits.freeFramesPerInterval { _ = try client.receive(frame) }
        var later = client
        later.intervalPassed()
        _ = try later.receive(frame)
        let failure = #expect(throws: ConnectionFailure.self) { try client.receive(frame) }
        #expect(failure?.code == .enhanceYourCalm)
    }

    @Test("a message longer than it may be ends the call, not the connection")
    func longMessage() throws {
        var settings = Settings()
        settings.maximumMessageBytes = 10
        var client = try ClientStateMachine.ready(settings)
        _ = client.open(expectsData: true)
        _ = try client.receive(Frame(.data, 1, .more, Array(repeating: 1, count: 6)))
        guard case .failed(1, let rejection) = try client.receive(Frame(.data, 1, .more, Array(repeating: 1, count: 6))) else {
            Issue.record("not given up")
            return
        }
        #expect(rejection.code == 8)
        #expect(client.takeControlFrames() == [.cancel(streamID: 1, code: 8, reason: rejection.reason)])
        #expect(try client.receive(Frame(.data, 1, [], [1])) == .none)
    }

    @Test("GOAWAY ends new calls; streams above its id were never run")
    func goAway() throws {
        var client = try ClientStateMachine.ready()
        for _ in 0..<3 { _ = client.open(expectsData: false) }
        let failure = ConnectionFailure(.noError, "draining")
        #expect(try client.receive(.goAway(lastStreamID: .max, failure)) == .goAway(lastStreamID: .max, failure))
        #expect(client.availability == .exhausted)
        #expect(try client.receive(.goAway(lastStreamID: 3, failure)) == .goAway(lastStreamID: 3, failure))
        #expect(client.streams(above: 3) == [5])
        // A second one cannot raise the id again.
        #expect(try client.receive(.goAway(lastStreamID: 9, failure)) == .goAway(lastStreamID: 3, failure))
    }

    @Test("one PING at a time; only its own PONG answers it")
    func ping() throws {
        var client = try ClientStateMachine.ready()
        let first = client.ping(), second = client.ping()
        #expect(first && !second)
        #expect(client.takeControlFrames() == [.ping(1)])
        #expect(try client.receive(.pong(9)) == .none)
        #expect(client.awaitsPong)
        #expect(try client.receive(.pong(1)) == .pong)
        #expect(!client.awaitsPong)
    }

    @Test("frames that only clients send end the connection")
    func clientFrames() throws {
        let client = try ClientStateMachine.ready()
        for frame in [Frame(.request, 1), ControlFrame.cancel(streamID: 1, code: 1, reason: "").frame, Frame(FrameType(rawValue: 9), 1)] {
            var copy = client
            #expect(throws: ConnectionFailure.self) { try copy.receive(frame) }
        }
    }

    @Test("ignorable frames are skipped, as many as are free")
    func ignorableFrames() throws {
        var client = try ClientStateMachine.ready()
        #expect(try client.receive(Frame(FrameType(rawValue: 0x80), 1, [], [1])) == .none)
        #expect(throws: ConnectionFailure.self) {
            for _ in 0...WireLimits.freeFramesPerInterval { _ = try client.receive(Frame(FrameType(rawValue: 0xff), 1)) }
        }
    }

    @Test("WINDOW_UPDATE of a stream that never began breaks the rules")
    func windowOfUnopened() throws {
        var client = try ClientStateMachine.ready()
        let opened = client.open(expectsData: false)
        let id = try #require(opened)
        #expect(try client.receive(.windowUpdate(streamID: id, increment: 1)) == .windowOpened(id))
        #expect(throws: ConnectionFailure.self) { try client.receive(.windowUpdate(streamID: id + 2, increment: 1)) }
    }
}
