/// How long to wait before trying again: twice as long each time, within bounds, and a little at random so that the
/// services do not all come back at once.
struct Backoff: Sendable {
    let shortest: Duration
    let longest: Duration
    private var current: Duration

    init(shortest: Duration, longest: Duration) {
        self.shortest = shortest
        self.longest = longest
        current = shortest
    }

    mutating func reset() {
        current = shortest
    }

    /// Between half and all of the current step.
    mutating func next() -> Duration {
        defer { current = min(longest, current * 2) }
        return current * Double.random(in: 0.5...1)
    }
}
