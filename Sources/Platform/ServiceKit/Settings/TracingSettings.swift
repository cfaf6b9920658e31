internal import Telemetry

/// Which of the traces that begin in a process go into its log: `tracing` of `settings.json`.
public struct TracingSettings: Codable, Sendable, Equatable {
    /// One in a hundred: enough to see where time goes, without a line for every call of every service. Whoever wants one certain
    /// request traced asks for it (`traceparent` with the sampled flag, `pulse mesh call --trace`).
    public static let standardRatio = 0.01

    /// From 0 (none) to 1 (all). A trace that began elsewhere is recorded when its sampled flag says so.
    public var samplingRatio: Double

    public init(samplingRatio: Double = Self.standardRatio) {
        self.samplingRatio = samplingRatio
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        samplingRatio = try container.decodeIfPresent(Double.self, forKey: .samplingRatio) ?? Self.standardRatio
    }

    /// - Throws: `StartUpError.settings`.
    func check() throws { _ = try sampling() }

    /// - Throws: `StartUpError.settings` for what is not between 0 and 1.
    func sampling() throws -> SamplingRatio {
        guard let ratio = SamplingRatio(samplingRatio) else {
            throw StartUpError.settings("tracing.samplingRatio \(samplingRatio) is not between 0 and 1")
        }
        return ratio
    }
}
