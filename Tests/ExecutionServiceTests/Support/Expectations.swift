import MeshCall
import Testing

/// The reason of the `RPCError` that `body` throws; nil when it throws none.
func reason(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let error as RPCError {
        return error.reason ?? "\(error.code)"
    } catch {
        return "\(error)"
    }
}

/// Two people, by their random ids.
let ann = "5f3c2f6e-8a53-4d0e-9f5e-0b6d6d3a7c11"
let bob = "b0b0b0b0-8a53-4d0e-9f5e-0b6d6d3a7c12"
