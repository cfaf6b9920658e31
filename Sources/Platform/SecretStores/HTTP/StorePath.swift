internal import Secrets

/// Checks what settings put into a request's path.
enum StorePath {
    /// - Throws: `unusable` unless `text` is one or more names between slashes, of characters that need no escaping.
    static func checked(_ text: String, _ what: String) throws(SecretStoreError.Cause) -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                    default: false
                    }
                }
        }
        guard isPlain else { throw .unusable("\(what) '\(text)' is no path: names of letters, digits, '-', '_' and '.' between slashes") }
        return text
    }
}
