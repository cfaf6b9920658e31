/// Calls in the order of their coming, taken out without counting a reference: all that come in a read turn are taken out at its end.
struct PendingCalls {
    private var calls: [ServerCall?] = []
    private var taken = 0

    var isEmpty: Bool { taken == calls.count }

    var first: ServerCall? { isEmpty ? nil : calls[taken] }

    var hasOne: Bool { calls.count == taken + 1 }

    /// Whether the first is one of this method that need not wait for anything.
    func beginsWithCall(of method: ObjectIdentifier) -> Bool {
        guard !isEmpty, let first = calls[taken] else { return false }
        return ObjectIdentifier(first.method) == method && !first.needsToken
    }

    mutating func append(_ call: consuming ServerCall) {
        calls.append(call)
    }

    mutating func popFirst() -> ServerCall? {
        guard !isEmpty else { return nil }
        let first = calls[taken].take()
        taken += 1
        if isEmpty {
            calls.removeAll(keepingCapacity: true)
            taken = 0
        }
        return first
    }
}
