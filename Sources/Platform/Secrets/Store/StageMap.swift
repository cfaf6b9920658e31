/// Which version bears which stage: the rules of `SecretStore.put` and `move` as a value, for stores that have no stages of their own.
package struct StageMap: Sendable, Equatable {
    package private(set) var versions: [SecretStage: String]

    package init(_ versions: [SecretStage: String] = [:]) {
        self.versions = versions
    }

    package subscript(stage: SecretStage) -> String? { versions[stage] }

    package func stages(of version: String) -> Set<SecretStage> {
        Set(versions.filter { $0.value == version }.keys)
    }

    /// Gives `stage` to a version, new or old, which loses any other.
    ///
    /// - Throws: for a version in use that is to be pending: nothing would be in use then.
    package mutating func assign(_ stage: SecretStage, to version: String) throws(SecretStoreError.Cause) {
        let before = versions[.current]
        guard stage == .current || before != version else { throw .unusable("the version in use cannot be pending") }
        versions = versions.filter { $0.value != version }
        if stage == .current, let before, before != version { versions[.previous] = before }
        versions[stage] = version
    }
}
