internal import NIOCore
internal import NIOPosix

/// How much of what one connection sends is dealt with before the others of its event loop get their turn. A pure value.
///
/// A read of 64 KiB may hold thousands of frames. Only where reads took too long, and others are there, are they cut: cutting costs whoever sends much.
struct TurnBudget {
    /// What a turn may take where others wait.
    static let longest = TimeAmount.microseconds(50)
    /// Bytes after which the clock is looked at.
    static let piece = 2048
    /// How long another connection counts as being there after it has sent something.
    static let othersStay = TimeAmount.milliseconds(100)
    /// From the end of one part to the next: enough for the loop to look at its sockets in between.
    static let pause = TimeAmount.microseconds(5)

    private var began = NIODeadline.uptimeNanoseconds(0)
    private var spent = TimeAmount.nanoseconds(0)
    private var isDense = false

    /// A read begins, or the next part of one.
    mutating func begin(at now: NIODeadline) { began = now }

    /// Whether the part has taken as long as it may.
    func isSpent(at now: NIODeadline) -> Bool { now - began >= Self.longest }

    /// Whether a read of so many bytes is to be cut.
    func cuts(_ bytes: Int, isShared: Bool) -> Bool { isDense && isShared && bytes > Self.piece }

    /// A read, or a part of one, is dealt with.
    mutating func end(at now: NIODeadline, isComplete: Bool) {
        spent = spent + (now - began)
        guard isComplete else { return }
        isDense = spent > Self.longest
        spent = .nanoseconds(0)
    }
}

/// Who reads on an event loop. Confined to it.
final class LoopSharing: @unchecked Sendable {
    private static let known = ThreadSpecificVariable<LoopSharing>()

    /// That of the event loop whose thread this is.
    static var ofThisLoop: LoopSharing {
        if let sharing = known.currentValue { return sharing }
        let new = LoopSharing()
        known.currentValue = new
        return new
    }

    private var last: ObjectIdentifier?
    private var changed = NIODeadline.uptimeNanoseconds(0)

    /// Whether another connection than this one has read lately.
    func reads(_ id: ObjectIdentifier, at now: NIODeadline) -> Bool {
        if last != id { (last, changed) = (id, last == nil ? changed : now) }
        return now - changed < TurnBudget.othersStay
    }
}
