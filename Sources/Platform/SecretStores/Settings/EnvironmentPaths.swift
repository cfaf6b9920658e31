internal import Secrets

// Environments may share a server: what keeps them apart there is the path, so that settings cannot point one at another's.

extension VaultSettings {
    /// - Throws: `otherEnvironment` unless the prefix is `environment`'s, and namespace and mount no other's.
    func checked(in environment: String) throws(SecretStoreError.Cause) -> VaultSettings {
        for path in [namespace, mount].compactMap(\.self) { try EnvironmentMark.checkNoOther(path, than: environment) }
        try EnvironmentMark.check(prefix: prefix, is: environment)
        return self
    }
}

extension AWSSettings {
    /// - Throws: `otherEnvironment` unless the prefix is `environment`'s.
    func checked(in environment: String) throws(SecretStoreError.Cause) -> AWSSettings {
        try EnvironmentMark.check(prefix: prefix, is: environment)
        return self
    }
}
