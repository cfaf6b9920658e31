import Synchronization
import Testing

@testable import MeshCall

@Suite struct MessageBufferTests {
    /// What was reported as read: messages and charge.
    private final class Reports: Sendable {
        private let sum = Mutex((messages: 0, charge: 0))

        var total: (messages: Int, charge: Int) { sum.withLock { $0 } }

        func buffer(reportAt: Int = 1000) -> MessageBuffer {
            MessageBuffer(
                reportAt: reportAt, report: { consumed in self.sum.withLock { $0 = ($0.messages + consumed.messages, $0.charge + consumed.charge) } },
                giveUp: {})
        }
    }

    private let reports = Reports()

    private func append(_ text: String, to buffer: MessageBuffer, charge: Int, cutAt cut: Int? = nil) {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard let cut else { return buffer.append(bytes, charge: charge) }
            buffer.append(.init(rebasing: bytes[..<cut]), .init(rebasing: bytes[cut...]), charge: charge)
        }
    }

    private func next(_ buffer: MessageBuffer) -> String? {
        var text: String?
        guard case .message = buffer.takeReady({ text = String(decoding: $0, as: UTF8.self) }) else { return nil }
        return text
    }

    @Test func messagesAreReadInOrderOnceTheyAreHandedOver() {
        let buffer = reports.buffer()
        append("one", to: buffer, charge: 13)
        append("", to: buffer, charge: 10)
        #expect(next(buffer) == nil)
        #expect(buffer.handOver().messages == 0)
        append(String(repeating: "long", count: 500), to: buffer, charge: 2010, cutAt: 700)
        #expect(next(buffer) == "one")
        // What comes meanwhile goes behind what was handed over and not taken.
        _ = buffer.handOver()
        append("last", to: buffer, charge: 14)
        _ = buffer.handOver()
        #expect([next(buffer), next(buffer), next(buffer), next(buffer)] == ["", String(repeating: "long", count: 500), "last", nil])
    }

    @Test func creditIsGivenWhenAllWasReadAndEverySoManyBytes() {
        let buffer = reports.buffer(reportAt: 25)
        for text in ["1", "2", "3", "4", "5"] { append(text, to: buffer, charge: 10) }
        _ = buffer.handOver()
        let totals = (1...5).map { _ in
            _ = next(buffer)
            return reports.total.messages
        }
        #expect(totals == [0, 0, 3, 3, 5])
        #expect(reports.total.charge == 50)
    }

    @Test func whatNobodyReadsIsCreditedOnce() {
        let buffer = reports.buffer()
        for text in ["read", "taken"] { append(text, to: buffer, charge: 10) }
        _ = buffer.handOver()
        #expect(next(buffer) == "read")
        append("waits", to: buffer, charge: 10)
        _ = buffer.handOver()
        append("arrives", to: buffer, charge: 10)
        // "read" is not reported yet, "taken" lies with the reader.
        let due = buffer.discard(.callCancelled)
        #expect((due.messages, due.charge) == (4, 40))
        #expect(next(buffer) == nil)
        #expect(throws: RPCError.self) { let _: String? = try buffer.ended() }
        append("late", to: buffer, charge: 10)
        #expect(buffer.handOver().charge == 10)
        #expect(next(buffer) == nil)
        #expect(reports.total.messages == 0)
    }

    @Test func theEndComesAfterTheMessages() throws {
        let buffer = reports.buffer()
        append("one", to: buffer, charge: 10)
        #expect(buffer.finish(.success(())).messages == 0)
        #expect(next(buffer) == "one")
        guard case .ended = buffer.takeReady({ _ in }) else { return #expect(Bool(false), "not at its end") }
        let end: String? = try buffer.ended()
        #expect(end == nil)
        #expect(buffer.discard(.callCancelled).messages == 0)
        // Who had read everything learns of no error.
        let again: String? = try buffer.ended()
        #expect(again == nil)
    }

    @Test func aSecondReaderIsRefused() {
        let buffer = reports.buffer()
        for text in ["one", "two"] { append(text, to: buffer, charge: 10) }
        _ = buffer.handOver()
        _ = buffer.takeReady { _ in
            guard case .ended = buffer.takeReady({ _ in }) else { return #expect(Bool(false), "read by two") }
        }
        #expect(throws: RPCError.self) { let _: String? = try buffer.ended() }
    }
}
