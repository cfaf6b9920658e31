import ArgumentParser

/// How often every `ping` asks.
package struct PingArguments: ParsableArguments {
    static let counts = 1...10_000

    @Option(name: [.customShort("n"), .long], help: "Health checks to time.")
    package var count = 5

    package init() {}

    package func validate() throws {
        guard Self.counts.contains(count) else { throw ValidationError("-n takes \(Self.counts.lowerBound) to \(Self.counts.upperBound)") }
    }
}
