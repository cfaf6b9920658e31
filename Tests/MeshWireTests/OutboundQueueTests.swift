import MeshWire
import Testing

struct OutboundQueueTests {
    private typealias Queue = OutboundQueue<String>

    private func drain(_ queue: inout Queue, _ grant: (UInt32, Int) -> SendGrant = { .bytes($1) }) -> [String] {
        var seen: [String] = []
        while let chunk = queue.next(grant, gone: { _ in }) {
            seen.append(
                "\(chunk.header.streamID) \(chunk.payload)\(chunk.range) \(chunk.header.flags.rawValue)\(chunk.endsMessage ? " end" : "")")
        }
        return seen
    }

    @Test("long messages are cut, streams take turns, and the last piece has the message's flags")
    func fragments() {
        var queue = Queue(maximumFrame: 10)
        queue.enqueue(.init(type: .response, flags: .statusOnly, payload: "a", length: 25), on: 1)
        queue.enqueue(.init(type: .response, payload: "b", length: 5), on: 3)
        #expect(drain(&queue) == ["1 a0..<10 8", "3 b0..<5 0 end", "1 a10..<20 8", "1 a20..<25 16 end"])
        #expect(queue.isEmpty && queue.queuedBytes == 0)
    }

    @Test("messages of one stream stay in order")
    func order() {
        var queue = Queue(maximumFrame: 10)
        queue.enqueue(.init(type: .headers, payload: "h", length: 30), on: 1)
        queue.enqueue(.init(type: .data, payload: "d", length: 15), on: 1)
        queue.enqueue(.init(type: .response, flags: .statusOnly, payload: "r", length: 0), on: 1)
        #expect(drain(&queue) { .bytes(min($1, 10)) } == ["1 h0..<30 0 end", "1 d0..<10 8", "1 d10..<15 0 end", "1 r0..<0 16 end"])
    }

    @Test("a stream blocked by its window does not hold up another, and goes on when the window opens")
    func blocked() {
        var queue = Queue(maximumFrame: 10)
        queue.enqueue(.init(type: .data, payload: "a", length: 5), on: 1)
        queue.enqueue(.init(type: .data, payload: "b", length: 5), on: 3)
        #expect(drain(&queue) { id, count in id == 1 ? .streamBlocked : .bytes(count) } == ["3 b0..<5 0 end"])
        #expect(drain(&queue) == [])
        queue.windowOpened(3)
        #expect(drain(&queue) == [])
        queue.windowOpened(1)
        #expect(drain(&queue) == ["1 a0..<5 0 end"])
    }

    @Test("the connection's window blocks Data only, and opens for all")
    func connectionBlocked() {
        var queue = Queue(maximumFrame: 10)
        queue.enqueue(.init(type: .data, payload: "a", length: 5), on: 1)
        queue.enqueue(.init(type: .data, payload: "b", length: 5), on: 3)
        queue.enqueue(.init(type: .response, payload: "r", length: 5), on: 5)
        #expect(drain(&queue) { _, _ in .connectionBlocked } == ["5 r0..<5 0 end"])
        queue.windowOpened(0)
        #expect(drain(&queue) == ["1 a0..<5 0 end", "3 b0..<5 0 end"])
    }

    @Test("what was dropped is not sent and no longer counted")
    func dropped() {
        var queue = Queue(maximumFrame: 10)
        queue.enqueue(.init(type: .response, payload: "a", length: 15), on: 1)
        _ = queue.next({ .bytes($1) }, gone: { _ in })
        queue.enqueue(.init(type: .data, payload: "b", length: 7), on: 1)
        #expect(queue.queuedBytes == 12)
        #expect(queue.drop(1).map(\.payload) == ["a", "b"])
        #expect(queue.queuedBytes == 0)
        #expect(drain(&queue) == [])
        queue.enqueue(.init(type: .data, payload: "c", length: 1), on: 3)
        #expect(queue.dropAll().map(\.payload) == ["c"])
    }

    @Test("messages of a stream that has ended are handed back")
    func gone() {
        var queue = Queue(maximumFrame: 10)
        queue.enqueue(.init(type: .data, payload: "a", length: 5), on: 1)
        queue.enqueue(.init(type: .data, payload: "b", length: 5), on: 1)
        var gone: [String] = []
        #expect(queue.next({ _, _ in .streamGone }, gone: { gone += $0.map(\.payload) }) == nil)
        #expect(gone == ["a", "b"])
        #expect(queue.isEmpty && queue.queuedBytes == 0 && queue.queuedMessages == 0)
    }

    @Test("without a largest frame nothing is cut")
    func baseline() {
        var queue = Queue(maximumFrame: nil)
        queue.enqueue(.init(type: .response, payload: "a", length: 4 << 20), on: 1)
        #expect(drain(&queue) == ["1 a0..<4194304 0 end"])
    }
}
