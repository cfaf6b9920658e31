public import Identity

/// The root of a deployment's environment. Its key is used when the folder is made, and when an operator rotates the issuing key.
public struct OfflineRoot: Sendable {
    private let folder: StateFolder

    public init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// - Throws: `DeploymentError` when the key is not here: it may be where it belongs, on another machine.
    public func read() throws -> CertificateAuthority {
        guard PrivateFiles.exists(folder.rootKey) else {
            throw DeploymentError("the root's key is not at \(folder.rootKey): bring it, and take it away again afterwards")
        }
        return try CertificateAuthority(
            certificatePEM: PrivateFiles.readText(folder.rootCertificate), privateKeyPEM: PrivateFiles.readText(folder.rootKey))
    }

    func readOrMake(environment: String) throws -> CertificateAuthority {
        guard !PrivateFiles.exists(folder.rootCertificate) else { return try read() }
        let root = try CertificateAuthority.makeRoot(environment: environment)
        try PrivateFiles.write(Self.note, to: folder.offline + "/README")
        try PrivateFiles.write(root.privateKeyPEM, to: folder.rootKey)
        try PrivateFiles.write(root.certificatePEM, to: folder.rootCertificate)
        return root
    }

    private static let note = """
        root.key.pem signs issuing keys: whoever has it can be anybody in this environment.
        No service reads it. Keep it on another machine, and bring it for `pulse identity rotate` alone.

        """
}
