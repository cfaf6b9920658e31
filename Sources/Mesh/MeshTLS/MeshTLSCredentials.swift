internal import COpenSSL

/// Where a mesh endpoint finds its certificate, key and roots: PEM files.
public struct MeshTLSCredentials: Sendable, Hashable {
    /// The leaf first, then any intermediates.
    public var certificateChainPath: String
    /// PKCS#8 or SEC 1, not encrypted; must not be readable by group or others.
    public var privateKeyPath: String
    /// The environment's roots, one or more.
    public var trustRootsPath: String

    public init(certificateChainPath: String, privateKeyPath: String, trustRootsPath: String) {
        self.certificateChainPath = certificateChainPath
        self.privateKeyPath = privateKeyPath
        self.trustRootsPath = trustRootsPath
    }

    /// Who the certificate says this endpoint is.
    ///
    /// - Throws: `.configuration`, naming the file.
    public func identity() throws(MeshTLSError) -> SPIFFEIdentity {
        let chain = try PEMReader.certificates(certificateChainPath)
        defer { for certificate in chain { X509_free(certificate) } }
        guard let leaf = chain.first else { throw .configuration(file: certificateChainPath, cause: "no certificate") }
        do throws(PeerRefusal) {
            return try LeafRules.identity(leaf)
        } catch {
            throw .configuration(file: certificateChainPath, cause: "\(error)")
        }
    }
}
