import Secrets

/// The kind of a failure without its words: `denied`.
func kind(_ cause: SecretStoreError.Cause?) -> String? {
    cause.map { Mirror(reflecting: $0).children.first?.label ?? "\($0)" }
}

/// Why `body` failed, nil when it did not.
func cause(_ body: () async throws -> some Sendable) async -> SecretStoreError.Cause? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? SecretStoreError)?.cause
    }
}
