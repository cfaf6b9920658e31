internal import NIOCore

/// Whether strangers crowd a server: more of them come than one thread could make handshakes with. A pure value.
///
/// A crowd that is held back looks like one that has gone. So it is taken to stay, twice as long each time that it turns out to be there still.
struct CrowdWatch {
    static let window: TimeAmount = .seconds(1)
    static let shortestStay: TimeAmount = .seconds(1)
    static let longestStay: TimeAmount = .seconds(32)

    /// Connections in a window that are no crowd. A handshake takes half a millisecond.
    private let mostArrivals: Int
    private var windowEnd: NIODeadline?
    private var arrivals = 0
    private var stay = CrowdWatch.shortestStay
    private var lastEnd: NIODeadline?
    /// When the crowd that is here may have gone; nil while there is none.
    private(set) var until: NIODeadline?

    init(mostArrivals: Int = 2000) {
        self.mostArrivals = mostArrivals
    }

    /// A connection was accepted.
    ///
    /// - Returns: when to look whether the crowd has gone, if it begins with this one.
    mutating func arrived(at now: NIODeadline) -> NIODeadline? {
        guard let end = windowEnd, now < end else {
            windowEnd = now + Self.window
            arrivals = 1
            return nil
        }
        arrivals += 1
        guard arrivals > mostArrivals else { return nil }
        let isNew = until == nil
        if isNew { stay = nextStay(at: now) }
        until = now + stay
        return isNew ? until : nil
    }

    private func nextStay(at now: NIODeadline) -> TimeAmount {
        guard let lastEnd, now - lastEnd < Self.longestStay else { return Self.shortestStay }
        return min(stay * 2, Self.longestStay)
    }

    /// - Returns: when to look again; nil when it has gone.
    mutating func look(at now: NIODeadline) -> NIODeadline? {
        guard let until, now >= until else { return until }
        self.until = nil
        lastEnd = now
        return nil
    }
}
