/// The name of the environment that a store's secrets belong to. It stands beside them, under a name that no secret has.
package enum EnvironmentMark {
    /// The file, or the end of the variable, that holds it.
    package static let name = "environment"
    static let maximumSize = 64
    private static let all = ["development", "staging", "production"]

    /// - Throws: `otherEnvironment`.
    package static func check(_ found: String?, is expected: String) throws(SecretStoreError.Cause) {
        guard found == expected else { throw .otherEnvironment(found: found, expected: expected) }
    }

    /// A mark as text, without the line end that an editor leaves.
    static func text(_ bytes: SecretBytes) -> String {
        bytes.withUnsafeBytes { String(decoding: $0.prefix { $0 > UInt8(ascii: " ") }, as: UTF8.self) }
    }

    /// Checks a path in a store that environments share: one of its parts must be this environment's name, and none another's.
    ///
    /// - Throws: `otherEnvironment`.
    package static func check(prefix: String, is expected: String) throws(SecretStoreError.Cause) {
        try checkNoOther(prefix, than: expected)
        guard parts(prefix).contains(expected) else { throw .otherEnvironment(found: nil, expected: expected) }
    }

    /// - Throws: `otherEnvironment` when a part of the path is another environment's name, however it is spelled.
    package static func checkNoOther(_ path: String, than expected: String) throws(SecretStoreError.Cause) {
        let others = all.filter { $0 != expected }
        guard let found = parts(path.lowercased()).first(where: others.contains) else { return }
        throw .otherEnvironment(found: found, expected: expected)
    }

    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init)
    }
}
