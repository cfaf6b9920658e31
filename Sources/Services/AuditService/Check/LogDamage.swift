internal import Cryptography

/// The stored log is not what was written and signed.
struct LogDamage: Error, Sendable, Equatable, CustomStringConvertible {
    /// The first entry that is wrong; nil when the damage is not in an entry.
    let index: UInt64?
    let what: String

    init(_ what: String, index: UInt64? = nil) {
        self.index = index
        self.what = what
    }

    init(_ missing: TileMissing) {
        self.init("tile \(missing.id.level)/\(missing.id.number) is missing or has the wrong width")
    }

    var description: String { index.map { "entry \($0): \(what)" } ?? what }
}
