internal import NIOCore
internal import NIOPosix

/// How much of what one connection sends is dealt with before the others of its event loop get their turn. A pure value.
///
/// A read of 64 KiB may hold thousands of frames. Only reads that would take too long, going by the last one, are cut, and only where others wait:
/// cutting costs whoever sends much.
struct TurnBudget {
    /// What a turn may take where others wait.
    static let longest = TimeAmount.microseconds(50)
    /// Bytes after which the clock is looked at.
    static let piece = 1024
    /// Bytes of a read that is never cut, and says little about others: what every turn costs is most of it.
    static let short = 2048
    /// Bytes that are read at once of who sends so much in few bytes: to read and decrypt takes its time too.
    static let littleRead = 8192
    /// How long another connection counts as being there after it has sent something.
    static let othersStay = TimeAmount.milliseconds(100)
    /// From the end of one part to the next: enough for the loop to look at its sockets in between.
    static let pause = TimeAmount.microseconds(5)

    /// When the running part began; nil between parts.
    private var began: NIODeadline?
    private var spent = TimeAmount.nanoseconds(0)
    private var bytes = 0
    /// Bytes that take as long as a turn may; nil for who has not sent a long read yet.
    private var most: Int?

    /// A part begins, or goes on with more bytes than it had.
    mutating func begin(at now: NIODeadline, bytes more: Int = 0) {
        began = began ?? now
        bytes += more
    }

    /// Whether the part has taken as long as it may.
    func isSpent(at now: NIODeadline) -> Bool { began.map { now - $0 >= Self.longest } ?? true }

    /// Whether a read of so many bytes is to be cut.
    func cuts(_ bytes: Int, isShared: Bool) -> Bool { isShared && bytes > Self.short && bytes > most ?? 0 }

    /// Whether even reads of middling length would be cut.
    var isDense: Bool { most.map { $0 < 2 * Self.littleRead } ?? false }

    /// A read, or a part of one, is dealt with.
    mutating func end(at now: NIODeadline, isComplete: Bool) {
        spent = spent + (began.map { now - $0 } ?? .nanoseconds(0))
        began = nil
        guard isComplete else { return }
        if bytes > Self.short { most = Int(Int64(bytes) * Self.longest.nanoseconds / max(1, spent.nanoseconds)) }
        spent = .nanoseconds(0)
        bytes = 0
    }
}

/// A buffer of `TurnBudget.littleRead` for each read: one that is used again stays as large as it was.
struct LittleReads: RecvByteBufferAllocator {
    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: TurnBudget.littleRead) }
    mutating func record(actualReadBytes: Int) -> Bool { true }
    func nextBufferSize() -> Int? { nil }
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
