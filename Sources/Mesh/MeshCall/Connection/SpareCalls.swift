/// Calls of one connection that are over and that nobody has any more, for the next calls of their methods: to make one, and to take it apart, costs
/// as much as to find its method and its handler.
struct SpareCalls {
    /// What a connection keeps of them.
    static let most = 32

    private var calls: [ServerCall] = []
    /// For tests.
    var count: Int { calls.count }
    /// One was taken since the last look at the time.
    private var isUsed = false

    /// The one at hand, if it was of this method; otherwise it goes, so that none stays for ever beneath those of another.
    mutating func take(of method: Unmanaged<MethodTable.Entry>) -> ServerCall? {
        guard let last = calls.popLast(), Unmanaged.passUnretained(last.method).toOpaque() == method.toOpaque() else { return nil }
        isUsed = true
        return last
    }

    /// Keeps a call that is over, unless somebody still has it. A weak reference is one that would find another call, so one with streams is not kept.
    mutating func keep(_ call: consuming ServerCall) {
        guard calls.count < Self.most, isKnownUniquelyReferenced(&call), call.inbound == nil else { return }
        call.forget()
        calls.append(call)
    }

    /// An idle connection keeps none.
    mutating func timePassed() {
        if !isUsed { calls = [] }
        isUsed = false
    }
}
