/// Code around every handler of a server: telemetry, rate limits, checks of one's own. Runs after the policy has let the call in.
public protocol ServerInterceptor: Sendable {
    /// - Parameters:
    ///   - context: the call; what is passed to `next` is what the handler sees.
    ///   - next: the rest of the chain and the handler. Not calling it refuses the call; what is thrown instead is its answer.
    func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws

    /// Told of a call that was answered before it reached any interceptor. Callers cause these at will: it must neither wait nor grow.
    /// Whoever does not count them leaves this out.
    func notServed(_ call: UnservedCall)
}

extension ServerInterceptor {
    public func notServed(_ call: UnservedCall) {}
}
