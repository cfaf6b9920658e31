// What a process logs in to its store with: whoever was in its place could have copied it, and no command of ours replaces it.

extension SecretStoreSettings {
    /// What only somebody else can replace, a line each: what it is, where it is, what to do. Nothing of it is secret.
    package var foreignCredentials: [String] {
        switch driver {
        case .vault: vault.map { [$0.login.words(at: $0.address)].compactMap(\.self) } ?? []
        case .aws: aws.map { [$0.credentials.words] } ?? []
        case .pkcs11: pkcs11.map { ["PIN of the token \($0.token), in \($0.pinFile): change it at the device, then in that file"] } ?? []
        case .sealed: sealed?.key.words.map { [$0] } ?? []
        case .files, .env: []
        }
    }
}

extension RemoteKeySettings {
    /// As for secrets.
    package var foreignCredentials: [String] { reach.flatMap(\.foreignCredentials) }
}

extension VaultSettings.Login {
    fileprivate func words(at address: String) -> String? {
        if let appRole {
            let file = appRole.secretIDFile ?? appRole.wrappedSecretIDFile ?? "its file"
            return "secret id of the AppRole \(appRole.role) at \(address): have the role's secret ids and the tokens that they gave revoked there, "
                + "and another written to \(file)"
        }
        return certificate.map {
            "key \($0.privateKeyPath), a login to \(address) as \($0.role): have another certificate made, and the one before and its tokens revoked there"
        }
    }
}

extension AWSSettings.Credentials {
    fileprivate var words: String {
        switch self {
        case .environment: "AWS access key in its environment: have another made, start the service with it, and delete the one before in IAM"
        case .container, .instance: "AWS session of its \(rawValue)'s role: it ends by itself within hours; revoke the role's sessions in IAM to end it now"
        }
    }
}

extension SealedSettings.Key {
    fileprivate var words: String? {
        (passphraseFile ?? passphraseVariable).map { "passphrase of its sealed file, from \($0): put its secrets into a new file under another one" }
    }
}
