internal import OutboundHTTP

/// Waits for a signature as long as it may take, also where whoever signs does not hear that nobody waits any more.
enum SigningDeadline {
    /// No signature came in time.
    struct Passed: Error, CustomStringConvertible {
        let limit: Duration
        var description: String { "no signature within \(limit)" }
    }

    /// - Throws: `Passed`, `CancellationError`, what the signer throws.
    static func signature(of payload: [UInt8], by signer: any RequestSigner, within limit: Duration) async throws -> String {
        // Nobody can make a device answer.
        let answer = try await AnswerInTime.of({ try await signer.signature(of: payload) }, until: .now + limit, isGivenUp: true)
        try Task.checkCancellation()
        guard let answer else { throw Passed(limit: limit) }
        return answer
    }
}
