internal import ServiceKit

/// When a process that ended is started again: at once at first, then less and less often until one has run for a while.
struct RestartPolicy: Equatable, Sendable {
    enum Decision: Equatable {
        case after(Duration)
        /// Starting it again would end the same way.
        case never(String)
    }

    static let firstDelay = Duration.milliseconds(200)
    static let longestDelay = Duration.seconds(10)
    /// A run this long counts as a success.
    static let steadyAfter = Duration.seconds(30)
    /// sysexits.h: wrong settings, no confinement, wrong identity.
    static let hopelessCodes: Set<Int32> = [64, 71, 77]

    private var delay = firstDelay

    init() {}

    mutating func decide(exitCode: Int32?, ranFor time: Duration) -> Decision {
        if let exitCode, Self.hopelessCodes.contains(exitCode) { return .never("exit code \(exitCode)") }
        if time >= Self.steadyAfter { delay = Self.firstDelay }
        defer { delay = min(delay * 2, Self.longestDelay) }
        return .after(delay)
    }
}
