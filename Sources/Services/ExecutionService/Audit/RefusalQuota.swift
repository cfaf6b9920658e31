/// How many refusals of each person are told in a minute. A pure value: the time is given.
struct RefusalQuota: Sendable {
    private struct Window {
        /// Milliseconds since 1970.
        var start: Int64
        var told = 0
        var leftOut = 0
    }

    private static let minute: Int64 = 60_000
    /// Shares one window when too many people are refused at once.
    private static let everybodyElse = ""

    private let perMinute: Int
    private let people: Int
    private var windows: [String: Window] = [:]

    init(perMinute: Int, people: Int) {
        self.perMinute = perMinute
        self.people = people
    }

    /// - Returns: how many were left out since the last one told; nil when this one is left out too.
    mutating func admit(_ user: String, at now: Int64) -> Int? {
        let key = key(user, at: now)
        var window = windows[key] ?? Window(start: now)
        if RefusalQuota.isOver(window, at: now) { window = Window(start: now, leftOut: window.leftOut) }
        defer { windows[key] = window }
        guard window.told < perMinute else {
            window.leftOut += 1
            return nil
        }
        window.told += 1
        defer { window.leftOut = 0 }
        return window.leftOut
    }

    /// What was to be told could not be.
    mutating func leaveOut(_ count: Int, of user: String) {
        let key = windows[user] == nil ? RefusalQuota.everybodyElse : user
        windows[key]?.leftOut += count
    }

    /// A clock set back also ends a window.
    private static func isOver(_ window: Window, at now: Int64) -> Bool {
        now < window.start || now - window.start >= minute
    }

    private mutating func key(_ user: String, at now: Int64) -> String {
        if windows[user] != nil || windows.count < people { return user }
        windows = windows.filter { !RefusalQuota.isOver($0.value, at: now) || $0.value.leftOut > 0 }
        return windows.count < people ? user : RefusalQuota.everybodyElse
    }
}
