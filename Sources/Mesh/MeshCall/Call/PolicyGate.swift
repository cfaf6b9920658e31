/// Decides whether a call may reach its handler, from what the `.proto` says of its method. What is not allowed is denied.
///
/// In this order: the caller's name, then its token, the token's scope, its second factor. The caller's name comes first, so that
/// a stranger learns nothing about tokens.
struct PolicyGate: Sendable {
    let authenticator: (any TokenAuthenticator)?

    /// True for a call that needs no token and brings none. Everything else is decided by `admit`.
    func admitsWithoutUser(_ call: ServerCall) -> Bool {
        guard call.metadata["authorization"] == nil else { return false }
        guard !call.descriptor.isOpenToAll else { return true }
        let policy = call.descriptor.policy, name = call.scope.peer.name
        return policy.callersWithoutUser.names(name) && policy.callers.names(name)
    }

    /// - Returns: the verified person; nil when the policy lets this caller come without one.
    /// - Throws: `RPCError` PERMISSION_DENIED or UNAUTHENTICATED with the reason; what the authenticator throws.
    func admit(_ method: MethodDescriptor, peer: PeerIdentity, metadata: Metadata) async throws -> Principal? {
        let policy = method.policy
        guard policy.callers.names(peer.name) else {
            throw RPCError(.permissionDenied, "\(peer.name) may not call \(method.path).", reason: "CALLER_NOT_ALLOWED")
        }
        guard let token = try Self.bearerToken(metadata) else {
            guard policy.callersWithoutUser.names(peer.name) else {
                throw RPCError(.unauthenticated, "\(method.path) needs a user token.", reason: "TOKEN_REQUIRED")
            }
            return nil
        }
        let principal = try await verify(token, for: method)
        try Self.check(principal, against: policy, of: method)
        return principal
    }

    private func verify(_ token: String, for method: MethodDescriptor) async throws -> Principal {
        guard !method.policy.tokens.isEmpty else {
            throw RPCError(.permissionDenied, "\(method.path) takes no user token.", reason: "TOKEN_NOT_ACCEPTED")
        }
        guard let authenticator else {
            throw RPCError(.unavailable, "Tokens cannot be checked here.", reason: "NO_AUTHENTICATOR")
        }
        return try await authenticator.authenticate(bearer: token, accepting: method.policy.tokens)
    }

    private static func check(_ principal: Principal, against policy: MethodPolicy, of method: MethodDescriptor) throws(RPCError) {
        guard policy.tokens.contains(principal.tokenType) else {
            throw RPCError(.permissionDenied, "\(method.path) does not take this kind of token.", reason: "TOKEN_NOT_ACCEPTED")
        }
        guard policy.userScope.isEmpty || principal.scope.contains(policy.userScope) else {
            throw RPCError(.permissionDenied, "The token lacks the scope \(policy.userScope).", reason: "SCOPE_REQUIRED")
        }
        guard !policy.secondFactor || !principal.methods.isDisjoint(with: secondFactors) else {
            throw RPCError(.permissionDenied, "\(method.path) needs a second factor.", reason: "SECOND_FACTOR_REQUIRED")
        }
    }

    /// Authentication methods (RFC 8176) that are a factor beside the password.
    private static let secondFactors: Set<String> = ["otp", "hwk", "swk", "mfa"]

    private static func bearerToken(_ metadata: Metadata) throws(RPCError) -> String? {
        let values = metadata.values(for: "authorization")
        guard let value = values.first else { return nil }
        let scheme = "Bearer "
        guard values.count == 1, value.hasPrefix(scheme), value.utf8.count > scheme.utf8.count else {
            throw RPCError(.unauthenticated, "The authorization metadata is malformed.", reason: "TOKEN_MALFORMED")
        }
        return String(value.dropFirst(scheme.count))
    }
}

extension [String] {
    /// Whether a list of callers names this one: by its name, or with `*` every peer of the trust domain.
    fileprivate func names(_ caller: String) -> Bool { contains(caller) || contains("*") }
}
