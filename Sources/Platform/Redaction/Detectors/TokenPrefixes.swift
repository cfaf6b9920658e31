/// Credentials that say by their first characters what they are: JSON Web Tokens, and keys of clouds, vaults, models and code hosts.
enum TokenPrefixes {
    private struct Shape: Sendable {
        let prefix: StaticString
        /// Of the whole token.
        let length: ClosedRange<Int>
        var isPart: @Sendable (UInt8) -> Bool = { _ in true }
    }

    /// Sources: AWS IAM identifiers; Vault "Tokens" (service, batch, recovery, and `s.` before 1.10); the prefixes that GitHub, GitLab,
    /// Slack, Google, Stripe and the makers of language models document. `eyJ` is `{"` in Base64: a token's header.
    private static let shapes: [Shape] = [
        Shape(prefix: "eyJ", length: 20...Int.max), Shape(prefix: "sk-", length: 20...Int.max),
        Shape(prefix: "AKIA", length: 20...20, isPart: { $0.isUpper || $0.isDigit }),
        Shape(prefix: "ASIA", length: 20...20, isPart: { $0.isUpper || $0.isDigit }),
        Shape(prefix: "hvs.", length: 24...Int.max), Shape(prefix: "hvb.", length: 24...Int.max), Shape(prefix: "hvr.", length: 24...Int.max),
        Shape(prefix: "s.", length: 26...26, isPart: { $0.isAlphanumeric }),
        Shape(prefix: "sk_live_", length: 20...Int.max), Shape(prefix: "rk_live_", length: 20...Int.max),
        Shape(prefix: "ghp_", length: 30...Int.max), Shape(prefix: "gho_", length: 30...Int.max), Shape(prefix: "ghs_", length: 30...Int.max),
        Shape(prefix: "github_pat_", length: 30...Int.max), Shape(prefix: "glpat-", length: 20...Int.max),
        Shape(prefix: "xoxb-", length: 20...Int.max), Shape(prefix: "xoxp-", length: 20...Int.max),
        Shape(prefix: "AIza", length: 35...Int.max), Shape(prefix: "gsk_", length: 30...Int.max),
    ]

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs { $0.isAlphanumeric || $0.isOne(of: "-_.") }.filter { run in
            shapes.contains { matches($0, bytes, run) }
        }
    }

    private static func matches(_ shape: Shape, _ bytes: [UInt8], _ run: Range<Int>) -> Bool {
        shape.length.contains(run.count) && bytes.has(shape.prefix, at: run.lowerBound)
            && bytes[run].dropFirst(shape.prefix.utf8CodeUnitCount).allSatisfy(shape.isPart)
    }
}
