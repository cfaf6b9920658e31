/// What every store asks of a name, a value and a change of stages.
package enum SecretRules {
    /// Bytes of the longest secret.
    package static let maximumSize = 65536
    package static let maximumNameLength = 64

    package static func check(name: String) throws(SecretStoreError.Cause) {
        let isValid =
            name != EnvironmentMark.name && (1...maximumNameLength).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
        guard isValid else { throw .invalidName }
    }

    package static func check(size: Int) throws(SecretStoreError.Cause) {
        guard (1...maximumSize).contains(size) else { throw .unusable("a secret has 1 to \(maximumSize) bytes, not \(size)") }
    }

    /// Checks what is to be put, before anything is written.
    package static func check(putting value: SecretBytes, at stage: SecretStage) throws(SecretStoreError.Cause) {
        try check(size: value.count)
        try check(assigning: stage)
    }

    package static func check(assigning stage: SecretStage) throws(SecretStoreError.Cause) {
        guard stage != .previous else { throw .unusable("the stage previous follows current and is not given by hand") }
    }

    /// The first version of a secret is the current one: AWS knows no other way, and so no store does.
    package static func check(pendingAfter current: String?) throws(SecretStoreError.Cause) {
        guard current != nil else { throw .unusable("there is no current version that a pending one could follow") }
    }
}
