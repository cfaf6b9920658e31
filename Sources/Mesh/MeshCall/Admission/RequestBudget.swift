internal import Synchronization

/// Bytes that peers make a server hold, on all of its connections: of long Requests whose handlers have not returned, and of what is unfinished or waits
/// unread without a window's bound. One peer gets a half of them at most, so that its connections together cannot keep everybody else's out.
package final class RequestBudget: Sendable {
    private let limit: Int
    private let held = Mutex(Held())

    private struct Held {
        var total = 0
        /// Of those that hold something.
        var byPeer: [String: Int] = [:]
    }

    /// - Parameter limit: in bytes.
    package init(_ limit: Int) {
        self.limit = limit
    }

    /// False when there is no room for so many bytes more: nothing has changed then.
    ///
    /// - Parameter peer: its SPIFFE ID.
    func take(_ bytes: Int, for peer: String) -> Bool {
        held.withLock { held in
            let share = held.byPeer[peer, default: 0] + bytes
            guard held.total + bytes <= limit, share <= limit / 2 else { return false }
            held.total += bytes
            held.byPeer[peer] = share
            return true
        }
    }

    func giveBack(_ bytes: Int, for peer: String) {
        held.withLock { held in
            held.total -= bytes
            let share = held.byPeer[peer, default: 0] - bytes
            held.byPeer[peer] = share > 0 ? share : nil
        }
    }

    /// What is taken now.
    package var heldBytes: Int { held.withLock { $0.total } }
}
