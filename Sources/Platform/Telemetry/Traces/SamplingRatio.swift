/// Which share of the traces that begin in a process is recorded.
///
/// The decision is made from the trace id alone, by its last 56 bits, which W3C Trace Context Level 2 (section 3.2.2.3.1) wants
/// random: processes with the same ratio choose the same traces.
public struct SamplingRatio: Sendable, Equatable {
    private static let mask: UInt64 = 1 << 56 - 1

    /// Of 2^56; what is below is recorded.
    private let threshold: UInt64

    /// - Parameter ratio: from 0 (none) to 1 (all).
    /// - Returns: nil for anything else.
    public init?(_ ratio: Double) {
        guard (0...1).contains(ratio) else { return nil }
        threshold = UInt64(ratio * 0x1p56)
    }

    func includes(_ traceID: UInt128) -> Bool {
        UInt64(truncatingIfNeeded: traceID) & Self.mask < threshold
    }
}
