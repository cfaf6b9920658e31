internal import MeshCall
internal import Synchronization

/// Counts the chats being served, so that neither one person nor all of them take the whole process.
final class ChatAdmission: Sendable {
    private let limits: AgentLimits
    private let open = Mutex<[String: Int]>([:])

    init(_ limits: AgentLimits) {
        self.limits = limits
    }

    /// - Throws: `RPCError` RESOURCE_EXHAUSTED.
    func enter(_ user: String) throws {
        let admitted = open.withLock { open in
            guard open.values.reduce(0, +) < limits.concurrentChats, open[user, default: 0] < limits.concurrentChatsPerUser else {
                return false
            }
            open[user, default: 0] += 1
            return true
        }
        guard admitted else {
            throw RPCError(.resourceExhausted, "Too many chats at once.", reason: "TOO_MANY_CHATS", retryAfter: .seconds(2))
        }
    }

    func leave(_ user: String) {
        open.withLock { open in
            let left = open[user, default: 1] - 1
            open[user] = left > 0 ? left : nil
        }
    }
}
