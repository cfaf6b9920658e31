extension Checks {
    static func check(_ method: ProtoMethod, of service: ProtoService, _ types: TypeTable) throws(GeneratorError) {
        let place = "\(service.fullName).\(method.name)"
        for name in [method.input, method.output] where types[name] == nil {
            throw GeneratorError("\(place): unknown type \(name)")
        }
        if let policy = method.policy { try check(policy, at: place) }
    }

    private static func check(_ policy: ProtoPolicy, at place: String) throws(GeneratorError) {
        guard !policy.callers.isEmpty else { throw GeneratorError("\(place): a policy without callers: leave it out to let nobody call") }
        guard policy.defaultDeadlineMilliseconds > 0 else { throw GeneratorError("\(place): the policy needs default_deadline_ms") }
        if let stranger = policy.callersWithoutUser.first(where: { !policy.callers.contains($0) }) {
            throw GeneratorError("\(place): \(stranger) stands in callers_without_user but not in callers")
        }
        let needsToken = policy.callers.contains { !policy.callersWithoutUser.contains($0) }
        if needsToken && policy.tokens.isEmpty {
            throw GeneratorError("\(place): callers that come with a user need `tokens`, the kinds of token that the method takes")
        }
        for token in policy.tokens where PolicyCode.tokens[token] == nil {
            throw GeneratorError("\(place): unknown token type \(token)")
        }
        guard PolicyCode.idempotency[policy.idempotency] != nil, PolicyCode.audit[policy.audit] != nil else {
            throw GeneratorError("\(place): unknown idempotency \(policy.idempotency) or audit class \(policy.audit)")
        }
    }
}
