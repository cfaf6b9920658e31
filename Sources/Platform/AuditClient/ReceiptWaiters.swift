internal import Synchronization

/// Calls that wait for the log's word on one record.
final class ReceiptWaiters: Sendable {
    private struct State {
        var nextID: UInt64 = 0
        var waiting: [UInt64: (sequence: UInt64, continuation: AsyncStream<AuditReceipt>.Continuation)] = [:]
    }

    private let state = Mutex(State())

    /// Yields the receipt of `sequence` when it comes, once. Whoever stops reading is forgotten.
    func receipts(of sequence: UInt64) -> AsyncStream<AuditReceipt> {
        let (stream, continuation) = AsyncStream<AuditReceipt>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextID += 1
            state.waiting[state.nextID] = (sequence, continuation)
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return stream
    }

    func fulfil(_ receipts: [AuditReceipt], from first: UInt64) {
        let waiting = state.withLock { Array($0.waiting.values) }
        for (sequence, continuation) in waiting {
            guard sequence >= first, sequence - first < UInt64(receipts.count) else { continue }
            continuation.yield(receipts[Int(sequence - first)])
            continuation.finish()
        }
    }

    private func forget(_ id: UInt64) {
        state.withLock { state in _ = state.waiting.removeValue(forKey: id) }
    }
}
