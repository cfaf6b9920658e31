internal import Synchronization

/// Bytes of long Requests whose handlers have not returned, on all connections of a server.
package final class RequestBudget: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)

    /// - Parameter limit: in bytes.
    package init(_ limit: Int) {
        self.limit = limit
    }

    /// False when there is no room for so many bytes more: nothing has changed then.
    func take(_ bytes: Int) -> Bool {
        guard held.wrappingAdd(bytes, ordering: .relaxed).newValue <= limit else {
            giveBack(bytes)
            return false
        }
        return true
    }

    func giveBack(_ bytes: Int) {
        held.wrappingSubtract(bytes, ordering: .relaxed)
    }

    /// What is taken now.
    package var heldBytes: Int { held.load(ordering: .relaxed) }
}
