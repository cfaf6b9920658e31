import MeshWire
import Testing

struct ServerStateMachineTests {
    private let request = Frame(.request, 1, [], [1, 2, 3])

    // MARK: Beginning

    @Test("SETTINGS is the first frame each way and comes once")
    func settingsFirst() throws {
        var server = ServerStateMachine(mode: .mesh)
        #expect(server.takeControlFrames() == [.settings(.default)])
        #expect(throws: ConnectionFailure.self) { try server.receive(request) }
        var other = try ServerStateMachine.ready()
        #expect(throws: ConnectionFailure.self) { try other.receive(.settings(.default)) }
    }

    // MARK: Requests

    @Test("a request begins a call; its answer ends the stream")
    func unary() throws {
        var server = try ServerStateMachine.ready()
        #expect(try server.receive(request) == .request(1, clientStreams: false))
        #expect(server.isOpen(1))
        server.answered(1)
        server.handlerReturned()
        #expect(!server.isOpen(1))
        #expect(server.busySlots == 0)
    }

    @Test("a request in parts begins with its last part")
    func parts() throws {
        var server = try ServerStateMachine.ready()
        #expect(try server.receive(Frame(.request, 1, .more, [1])) == .requestPart(1))
        #expect(try server.receive(Frame(.request, 3, [], [1])) == .request(3, clientStreams: false))
        #expect(try server.receive(Frame(.request, 1, .more, [2])) == .requestPart(1))
        #expect(try server.receive(Frame(.request, 1, .remoteClosed, [3])) == .request(1, clientStreams: false))
    }

    @Test("stream ids are odd and increase; gaps are fine")
    func ids() throws {
        var server = try ServerStateMachine.ready()
        #expect(try server.receive(Frame(.request, 9)) == .request(9, clientStreams: false))
        for id in [9, 7, 2, 0] as [UInt32] {
            var copy = server
            #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(.request, id)) }
        }
        #expect(try server.receive(Frame(.request, WireLimits.lastStreamID)) == .request(WireLimits.lastStreamID, clientStreams: false))
    }

    @Test("calls beyond the limit are refused and the connection lives on")
    func tooMany() throws {
        var settings = Settings()
        settings.maximumConcurrentStreams = 1
        var server = try ServerStateMachine.ready(settings)
        _ = try server.receive(Frame(.request, 1))
        guard case .reject(3, let rejection, false) = try server.receive(Frame(.request, 3)) else {
            Issue.record("not refused")
            return
        }
        #expect(rejection.code == 8)
        server.answered(1)
        server.handlerReturned()
        #expect(try server.receive(Frame(.request, 5)) == .request(5, clientStreams: false))
    }

    @Test("a request longer than a message may be is refused, and what still comes of it ignored")
    func longRequest() throws {
        var settings = Settings()
        settings.maximumMessageBytes = 100
        var server = try ServerStateMachine.ready(settings)
        #expect(try server.receive(Frame(.request, 1, .more, Array(repeating: 0, count: 60))) == .requestPart(1))
        guard case .reject(1, let rejection, true) = try server.receive(Frame(.request, 1, .more, Array(repeating: 0, count: 60))) else {
            Issue.record("not refused")
            return
        }
        #expect(rejection.code == 8)
        #expect(try server.receive(Frame(.request, 1, [], [1])) == .none)
        #expect(server.busySlots == 0)
    }

    @Test("unfinished requests may not fill the memory together")
    func assembly() throws {
        var server = try ServerStateMachine.ready()
        let part = Array(repeating: UInt8(0), count: 65_536)
        let whole = WireLimits.assemblyBytes / (16 * part.count)
        for stream in 0..<whole {
            for _ in 0..<16 { #expect(try server.receive(Frame(.request, UInt32(stream * 2 + 1), .more, part)) == .requestPart(UInt32(stream * 2 + 1))) }
        }
        // It has not run: its caller is told so, as when a driver finds no room.
        let last = UInt32(whole * 2 + 1)
        #expect(try server.receive(Frame(.request, last, .more, part)) == .reject(last, .overloaded, ends: true))
    }

    // MARK: Cancel

    @Test("CANCEL ends the stream and keeps its slot until the handler returned")
    func cancel() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(request)
        #expect(try server.receive(.cancel(streamID: 1, code: 1, reason: "")) == .cancelled(1, code: 1))
        #expect(!server.isOpen(1))
        #expect(server.busySlots == 1)
        server.handlerReturned()
        #expect(server.busySlots == 0)
    }

    @Test("CANCEL of an unfinished request frees its slot at once")
    func cancelUnfinished() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(Frame(.request, 1, .more, [1]))
        #expect(try server.receive(.cancel(streamID: 1, code: 1, reason: "")) == .cancelled(1, code: 1))
        #expect(server.busySlots == 0)
        #expect(try server.receive(Frame(.request, 1, [], [2])) == .none)
    }

    @Test("CANCEL of a stream that has ended is ignored, of one that never began is an error")
    func lateCancel() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(request)
        server.answered(1)
        #expect(try server.receive(.cancel(streamID: 1, code: 1, reason: "")) == .none)
        #expect(throws: ConnectionFailure.self) { try server.receive(.cancel(streamID: 3, code: 1, reason: "")) }
    }

    @Test("a flood of cancels ends the connection; the count starts again with each interval")
    func rapidReset() throws {
        var server = try ServerStateMachine.ready()
        var id: UInt32 = 1
        func one(_ server: inout ServerStateMachine) throws {
            _ = try server.receive(Frame(.request, id))
            _ = try server.receive(.cancel(streamID: id, code: 1, reason: ""))
            server.handlerReturned()
            id += 2
        }
        for _ in 0..<WireLimits.cancelsPerInterval { try one(&server) }
        server.intervalPassed()
        for _ in 0..<WireLimits.cancelsPerInterval { try one(&server) }
        let failure = #expect(throws: ConnectionFailure.self) { try one(&server) }
        #expect(failure?.code == .enhanceYourCalm)
    }

    // MARK: Data

    @Test("messages of a client stream come with a charge; the half-close ends them")
    func clientStream() throws {
        var server = try ServerStateMachine.ready()
        #expect(try server.receive(Frame(.request, 1, [.remoteOpen, .noData])) == .request(1, clientStreams: true))
        #expect(try server.receive(Frame(.data, 1, [], [1, 2])) == .message(1, charge: 12, ends: false))
        #expect(try server.receive(Frame(.data, 1)) == .message(1, charge: 10, ends: false))
        #expect(try server.receive(Frame(.data, 1, .more, [1])) == .messagePart(1))
        #expect(try server.receive(Frame(.data, 1, [], [2])) == .message(1, charge: 22, ends: false))
        #expect(try server.receive(Frame(.data, 1, [.remoteClosed, .noData])) == .halfClosed(1))
        #expect(throws: ConnectionFailure.self) { try server.receive(Frame(.data, 1, [], [1])) }
    }

    @Test("Data on a unary call, on a stream that never began or ended long ago is an error; on a recent one it is ignored")
    func strayData() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(request)
        var copy = server
        #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(.data, 1)) }
        copy = server
        #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(.data, 3)) }
        _ = try server.receive(Frame(.request, 5, .remoteOpen))
        server.answered(5)
        #expect(try server.receive(Frame(.data, 5, [], [1])) == .none)
    }

    @Test("frames that only servers send, and unknown ones, end the connection; ignorable ones are skipped")
    func unknownFrames() throws {
        let server = try ServerStateMachine.ready()
        for type in [FrameType.response, .headers, FrameType(rawValue: 0x06), FrameType(rawValue: 0x7f)] {
            var copy = server
            #expect(throws: ConnectionFailure.self) { try copy.receive(Frame(type, 1)) }
        }
        var copy = server
        #expect(try copy.receive(Frame(FrameType(rawValue: 0x80), 1, [], [1])) == .none)
        #expect(throws: ConnectionFailure.self) {
            for _ in 0...WireLimits.freeFramesPerInterval { _ = try copy.receive(Frame(FrameType(rawValue: 0xff), 1)) }
        }
    }

    // MARK: Connection

    @Test("PING is answered with the same bytes, and a flood of them ends the connection")
    func ping() throws {
        var server = try ServerStateMachine.ready()
        #expect(try server.receive(.ping(42)) == .none)
        #expect(server.takeControlFrames() == [.pong(42)])
        let failure = #expect(throws: ConnectionFailure.self) {
            for _ in 0...WireLimits.pingsAtOnce { _ = try server.receive(.ping(1)) }
        }
        #expect(failure?.code == .enhanceYourCalm)
    }

    /// Pairs of the announced minimum in milliseconds and of the PINGs taken in ten seconds, after those that are taken at once.
    @Test("after as many PINGs as are taken at once they are taken twice as often as was announced", arguments: [
        (UInt32(0), 100), (100, 100), (500, 40), (1000, 20), (5000, 4), (60_000, 0), (.max, 0),
    ])
    func minimumPingInterval(_ announced: UInt32, _ taken: Int) throws {
        var settings = Settings.default
        settings.minimumPingInterval = announced
        var server = try ServerStateMachine.ready(settings)
        for _ in 0..<WireLimits.pingsAtOnce { _ = try server.receive(.ping(1)) }
        var count = 0
        for _ in 0..<10 {
            server.intervalPassed()
            for _ in 0..<WireLimits.pingsAtOnce {
                var copy = server
                guard (try? copy.receive(.ping(1))) != nil else { break }
                (server, count) = (copy, count + 1)
            }
        }
        #expect(count == taken)
        for _ in 0..<40 where announced <= 1000 { server.intervalPassed() }
        let failure = #expect(throws: ConnectionFailure.self) { for _ in 0...WireLimits.pingsAtOnce { _ = try server.receive(.ping(1)) } }
        #expect(failure?.code == .enhanceYourCalm, "time without PINGs saves up no more than are taken at once")
    }

    @Test("what a side leaves between its PINGs is what the other side announced, or what it wants where that is longer")
    func pingInterval() throws {
        var settings = Settings.default
        settings.minimumPingInterval = 5000
        for wanted in [Duration.seconds(1), .seconds(20)] {
            let interval = max(wanted, .seconds(5))
            #expect(try ServerStateMachine.ready(client: settings).pingInterval(atLeast: wanted) == interval)
            #expect(try ClientStateMachine.ready(server: settings).pingInterval(atLeast: wanted) == interval)
        }
    }

    @Test("draining: two GOAWAYs, then requests are ignored, and it is over when the last stream is")
    func drain() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(request)
        server.beginDrain()
        let announced = server.takeControlFrames()
        #expect(announced.first == .goAway(lastStreamID: WireLimits.lastStreamID, ConnectionFailure(.noError, "draining")))
        #expect(announced.last == .ping(ServerStateMachine.drainPing))
        #expect(try server.receive(Frame(.request, 3)) == .request(3, clientStreams: false))
        #expect(try server.receive(.pong(ServerStateMachine.drainPing)) == .pong(ServerStateMachine.drainPing))
        #expect(server.finishDrain() == [])
        #expect(server.takeControlFrames() == [.goAway(lastStreamID: 3, ConnectionFailure(.noError, "draining"))])
        #expect(try server.receive(Frame(.request, 5)) == .none)
        #expect(!server.isDrained)
        server.answered(1)
        server.answered(3)
        #expect(server.isDrained)
    }

    @Test("the last GOAWAY ends requests that are not complete")
    func drainOfUnfinished() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(Frame(.request, 1, .more, [1]))
        server.beginDrain()
        #expect(server.finishDrain() == [1])
        #expect(server.isDrained && server.busySlots == 0)
        #expect(try server.receive(Frame(.request, 1, [], [2])) == .none)
    }

    @Test("empty parts of a request are counted")
    func emptyParts() throws {
        var server = try ServerStateMachine.ready()
        let part = Frame(.request, 1, .more)
        for _ in 0..<WireLimits.freeFramesPerInterval { #expect(try server.receive(part) == .requestPart(1)) }
        #expect(throws: ConnectionFailure.self) { try server.receive(part) }
    }

    @Test("empty parts of a stream message are counted: their bytes come back to the window as they come")
    func emptyMessageParts() throws {
        var server = try ServerStateMachine.ready()
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        let part = Frame(.data, 1, .more)
        for _ in 0..<WireLimits.freeFramesPerInterval {
            #expect(try server.receive(part) == .messagePart(1))
            _ = server.takeControlFrames()
        }
        let failure = #expect(throws: ConnectionFailure.self) { try server.receive(part) }
        #expect(failure?.code == .enhanceYourCalm)
    }

    @Test("parts of a refused request and Data without a message are counted")
    func ignoredFrames() throws {
        var settings = Settings()
        settings.maximumConcurrentStreams = 1
        var server = try ServerStateMachine.ready(settings)
        _ = try server.receive(Frame(.request, 1, .remoteOpen))
        _ = try server.receive(Frame(.request, 3, .more))
        let frames = [Frame(.request, 3, .more), Frame(.data, 1, .noData)]
        for number in 0..<WireLimits.freeFramesPerInterval {
            #expect(try server.receive(frames[number % 2]) == .none)
            _ = server.takeControlFrames()
        }
        for frame in frames {
            var copy = server
            #expect(throws: ConnectionFailure.self) { try copy.receive(frame) }
        }
    }
}
