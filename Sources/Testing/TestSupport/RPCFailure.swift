public import MeshCall

/// How a call failed; nil when it did not, or not with an `RPCError`.
public func failure<Output>(_ body: () async throws -> Output) async -> RPCError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RPCError
    }
}
