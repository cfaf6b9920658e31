/// What a sender may still send. Goes below zero when the receiver's SETTINGS shrink it.
struct SendWindow: Hashable, Sendable {
    private(set) var available: Int

    init(_ size: UInt32) {
        available = Int(size)
    }

    mutating func spend(_ bytes: Int) {
        available -= bytes
    }

    /// Spends all of it, or nothing when the window is too small.
    mutating func spendWhole(_ bytes: Int) -> Bool {
        guard available >= bytes else { return false }
        available -= bytes
        return true
    }

    /// False when the window would pass its largest size.
    mutating func open(by increment: UInt32) -> Bool {
        guard available + Int(increment) <= WireLimits.maximumWindow else { return false }
        available += Int(increment)
        return true
    }

    /// The receiver's SETTINGS replaced the default size that the window began with.
    mutating func resize(from old: UInt32, to new: UInt32) {
        available += Int(new) - Int(old)
    }
}

/// What a receiver let the sender send, and what it consumed since it last said so.
struct ReceiveWindow: Hashable, Sendable {
    private let size: Int
    /// Of `available` what a sender that has seen this side's SETTINGS does not know of.
    private let excess: Int
    private var available: Int
    private var consumed = 0

    /// - Parameter tolerated: what the sender may assume before it has read this side's SETTINGS, where that is more than `size`.
    init(_ size: UInt32, tolerated: UInt32 = 0) {
        self.size = Int(size)
        available = Int(max(size, tolerated))
        excess = available - self.size
    }

    /// Whether a sender knows that it may send so much.
    func offers(_ bytes: Int) -> Bool { bytes <= available - excess }

    /// Whether the sender may send so much.
    func holds(_ bytes: Int) -> Bool { bytes <= available }

    /// False when the sender sent more than it may.
    mutating func charge(_ bytes: Int) -> Bool {
        guard bytes <= available else { return false }
        available -= bytes
        return true
    }

    /// Counts consumed bytes. The increment to announce, once half the window is consumed.
    mutating func credit(_ bytes: Int) -> UInt32? {
        consumed += bytes
        guard consumed * 2 >= size, let increment = UInt32(exactly: consumed), increment > 0 else { return nil }
        available += consumed
        consumed = 0
        return increment
    }
}

/// The messages of one direction of a stream: how long the unfinished one is and whose bytes wait for the reader.
///
/// Bytes are credited when the reader takes the message. A message longer than the window could then never be finished, so the
/// parts of an unfinished message are credited as they come while no finished one waits: a stream holds at most one window and one message.
struct MessageCounter: Hashable, Sendable {
    private(set) var assembledBytes = 0
    private var heldCharge = 0
    /// Complete messages that the reader has not taken.
    private(set) var unread = 0
    /// What those came with.
    private var unreadCharge = 0
    /// Of the complete message that came in parts while no other waited: those were credited as they came, so that no window bounds them. It is the
    /// first to be taken.
    private(set) var keptBytes = 0

    /// Whether one more message may wait where no window bounds what the sender sends. One always may.
    func takes(_ charge: Int) -> Bool {
        unread == 0 || (unread < WireLimits.baselineQueuedMessages && unreadCharge + charge <= WireLimits.baselineQueuedBytes)
    }

    /// A part came and more follows. What may be credited now.
    mutating func part(length: Int, charge: Int) -> Int {
        assembledBytes += length
        heldCharge += charge
        return unread == 0 ? releaseHeld() : 0
    }

    /// The message is complete. The charge that its reader gives back with `taken`.
    mutating func complete(charge: Int) -> Int {
        if unread == 0 { keptBytes += assembledBytes }
        assembledBytes = 0
        unread += 1
        unreadCharge += charge
        return releaseHeld() + charge
    }

    /// The reader took `messages` messages. What may be credited now.
    mutating func taken(_ messages: Int, charge: Int) -> Int {
        unread = max(0, unread - messages)
        unreadCharge = max(0, unreadCharge - charge)
        return charge + (unread == 0 ? releaseHeld() : 0)
    }

    /// The reader takes `messages` messages. The bytes that are kept no longer.
    mutating func releaseKept(_ messages: Int) -> Int {
        guard messages > 0 else { return 0 }
        defer { keptBytes = 0 }
        return keptBytes
    }

    mutating func releaseHeld() -> Int {
        defer { heldCharge = 0 }
        return heldCharge
    }
}
