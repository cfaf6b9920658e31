/// Waits for a signature as long as it may take, also where whoever signs does not hear that nobody waits any more.
enum SigningDeadline {
    /// No signature came in time.
    struct Passed: Error, CustomStringConvertible {
        let limit: Duration
        var description: String { "no signature within \(limit)" }
    }

    /// - Throws: `Passed`, `CancellationError`, what the signer throws.
    static func signature(of payload: [UInt8], by signer: any RequestSigner, within limit: Duration) async throws -> String {
        let (answers, continuation) = AsyncStream<Result<String, any Error>>.makeStream(bufferingPolicy: .bufferingOldest(1))
        // Not a child task: nobody can make a device answer.
        let signing = Task {
            do {
                continuation.yield(.success(try await signer.signature(of: payload)))
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        defer { signing.cancel() }
        let answer = await first(of: answers, within: limit)
        try Task.checkCancellation()
        guard let answer else { throw Passed(limit: limit) }
        return try answer.get()
    }

    private static func first(of answers: AsyncStream<Result<String, any Error>>, within limit: Duration) async -> Result<String, any Error>? {
        await withTaskGroup(of: Result<String, any Error>?.self) { group in
            group.addTask { await answers.first { _ in true } }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
