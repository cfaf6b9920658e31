internal import MeshCall
internal import Redaction

/// Takes out of a failed call's message what looks like a secret, before the caller gets it.
struct ErrorRedaction: ServerInterceptor {
    func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
        do {
            try await next(context)
        } catch var error as RPCError {
            error.message = Redactor.redact(error.message)
            throw error
        }
    }
}
