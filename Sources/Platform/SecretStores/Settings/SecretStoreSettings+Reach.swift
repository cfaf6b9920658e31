internal import Secrets

extension SecretStoreSettings {
    /// A host and port that the store is asked at.
    public struct Address: Sendable, Hashable {
        public let host: String
        public let port: Int
    }

    /// Where the process connects to for its secrets. A confined process connects nowhere else.
    public var addresses: [Address] {
        let texts: [String?] =
            switch driver {
            case .vault: [vault?.address]
            case .aws: [aws.map { $0.endpoint ?? "https://secretsmanager.\($0.region).amazonaws.com" }, credentialAddress]
            case .files, .env, .sealed, .pkcs11: []
            }
        let plain = StoreAddress.loopbackHosts.union(StoreAddress.metadataHosts)
        return texts.compactMap(\.self).compactMap { try? StoreAddress($0, plainHosts: plain) }.map { Address(host: $0.host, port: $0.port) }
    }

    private var credentialAddress: String? {
        switch aws?.credentials {
        case .container: aws?.credentialsEndpoint ?? AWSContainerEndpoint.taskEndpoint
        case .instance: aws?.credentialsEndpoint ?? AWSInstanceMetadata.endpoint
        case .environment, nil: nil
        }
    }

    /// Files and folders outside the service's own that the process reads for its secrets.
    public var readable: [String] {
        let role = vault?.login.appRole
        let certificate = vault?.login.certificate
        let paths: [String?] =
            switch driver {
            case .files: [files?.folder]
            case .env: []
            case .sealed: [sealed?.path.map(Self.folder), sealed?.key.keyFile.map(Self.folder), sealed?.key.passphraseFile.map(Self.folder)]
            case .vault:
                [
                    vault?.rootsPath, role?.secretIDFile.map(Self.folder), role?.wrappedSecretIDFile.map(Self.folder),
                    certificate?.certificatePath, certificate?.privateKeyPath,
                ]
            case .aws: [aws?.rootsPath, aws?.credentials == .container ? AWSContainerEndpoint.tokenFile.map(Self.folder) : nil]
            case .pkcs11: [pkcs11?.module, pkcs11?.pinFile, pkcs11?.path].map { $0.map(Self.folder) } + (pkcs11?.readable ?? [])
            }
        // The root folder would be everything.
        return paths.compactMap(\.self).filter { $0 != "/" }
    }

    /// What the process changes there: a key is rotated by whoever uses it.
    public var writable: [String] {
        let paths: [String?] =
            switch driver {
            case .files: files?.trust == .containerMount ? [] : [files?.folder]
            case .sealed: [sealed?.path.map(Self.folder)]
            case .pkcs11: [pkcs11?.path.map(Self.folder)] + (pkcs11?.writable ?? [])
            case .env, .vault, .aws: []
            }
        return paths.compactMap(\.self).filter { $0 != "/" }
    }

    /// Whether it keeps anything in the service's own secrets folder.
    public var usesOwnFolder: Bool {
        switch driver {
        case .files: files?.folder == nil && files?.trust != .containerMount
        case .sealed: sealed?.path == nil
        case .pkcs11: pkcs11?.path == nil
        case .env, .vault, .aws: false
        }
    }

    private static func folder(_ path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }
}
