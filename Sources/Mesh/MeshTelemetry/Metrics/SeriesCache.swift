internal import Synchronization

/// The series made so far. Bounded: keys beyond the limit share one series.
final class SeriesCache<Key: Hashable & Sendable, Series: Sendable>: Sendable {
    private let series = Mutex<[Key: Series]>([:])
    private let limit: Int
    private let overflow: @Sendable (Key) -> Key
    private let make: @Sendable (Key) -> Series

    /// - Parameters:
    ///   - limit: keys told apart.
    ///   - overflow: the key of one beyond them; there must be few of these.
    init(limit: Int, overflow: @escaping @Sendable (Key) -> Key, make: @escaping @Sendable (Key) -> Series) {
        self.limit = limit
        self.overflow = overflow
        self.make = make
    }

    subscript(key: Key) -> Series {
        series.withLock { known in
            if let found = known[key] { return found }
            let key = known.count < limit ? key : overflow(key)
            if let found = known[key] { return found }
            let made = make(key)
            known[key] = made
            return made
        }
    }
}
