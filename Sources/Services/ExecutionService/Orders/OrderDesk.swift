internal import Exchange
internal import Storage
internal import Trading

/// Shows a person their orders.
struct OrderDesk: Sendable {
    let dependencies: ExecutionDependencies
    let reconciler: Reconciler

    struct Shown: Sendable {
        var order: StoredOrder
        var fills: [OrderFill]
    }

    /// Newest first. For a person, those still open are asked about first, as far as time allows; what an agent asks at will never takes
    /// the lock that a sign-off needs.
    func list(of caller: Caller, limit: Int, openOnly: Bool, deadline: ContinuousClock.Instant) async throws -> [Shown] {
        if !caller.isAgent {
            let open = try await read(caller.user, limit: dependencies.limits.refreshedOrders, openOnly: true)
            await refresh(
                open.map(\.order), until: min(deadline - dependencies.limits.answerReserve, .now + dependencies.limits.refreshTime))
        }
        return try await read(caller.user, limit: limit, openOnly: openOnly)
    }

    func show(_ order: StoredOrder) async throws -> Shown {
        try await dependencies.database.read(as: order.user) { db in
            Shown(
                order: try OrderStore.find(order.clientOrderID, in: db) ?? order, fills: try FillStore.list(of: order.clientOrderID, in: db)
            )
        }
    }

    private func read(_ user: String, limit: Int, openOnly: Bool) async throws -> [Shown] {
        try await dependencies.database.read(as: user) { db in
            try OrderStore.list(limit: limit, openOnly: openOnly, in: db).map {
                Shown(order: $0, fills: try FillStore.list(of: $0.clientOrderID, in: db))
            }
        }
    }

    private func refresh(_ orders: [StoredOrder], until deadline: ContinuousClock.Instant) async {
        guard !orders.isEmpty, deadline > .now else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for order in orders where !Task.isCancelled { try? await reconciler.refresh(order) } }
            group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }
}
