/// The policy option as Swift source. The numbers are mesh/v1/options.proto's.
enum PolicyCode {
    static let tokens: [Int32: String] = [1: ".access", 2: ".agent", 3: ".signOff"]
    static let idempotency: [Int32: String] = [0: ".none", 1: ".readOnly", 2: ".idempotent"]
    static let audit: [Int32: String] = [0: ".unspecified", 1: ".refusals", 2: ".calls", 3: ".beforeEffect"]

    static func arguments(_ policy: ProtoPolicy) -> [String] {
        var result = ["callers: \(names(policy.callers))"]
        if !policy.callersWithoutUser.isEmpty { result.append("callersWithoutUser: \(names(policy.callersWithoutUser))") }
        if !policy.tokens.isEmpty { result.append("tokens: [\(policy.tokens.compactMap { tokens[$0] }.joined(separator: ", "))]") }
        if !policy.userScope.isEmpty { result.append("userScope: \(literal(policy.userScope))") }
        if policy.secondFactor { result.append("secondFactor: true") }
        if let value = idempotency[policy.idempotency], policy.idempotency != 0 { result.append("idempotency: \(value)") }
        result.append("defaultDeadline: .milliseconds(\(policy.defaultDeadlineMilliseconds))")
        if let value = audit[policy.audit], policy.audit != 0 { result.append("audit: \(value)") }
        return result
    }

    private static func names(_ list: [String]) -> String {
        "[\(list.map(literal).joined(separator: ", "))]"
    }
}
