import ArgumentParser
import MeshTLS

/// Where a peer is, who it has to be, and by which files this side shows who it is.
struct ConnectionOptions: ParsableArguments {
    /// In an example.
    static let placeholders = "--addr HOST:PORT --peer SPIFFE-ID --cert FILE --key FILE --ca FILE"

    @Option(help: "HOST:PORT of the server.") var addr: PeerAddress
    @Option(help: "The server's SPIFFE id: spiffe://example.internal/greeter.") var peer: PeerName
    @Option(help: "Certificate chain, PEM, leaf first.") var cert: String
    @Option(help: "Private key, PEM, mode 600.") var key: String
    @Option(help: "Roots, PEM.") var ca: String

    /// - Throws: `MeshCommandError.usage` that names the file that is wrong.
    func meshPeer() throws -> MeshPeer {
        let identity = peer.identity
        return try Self.usage {
            MeshPeer(
                host: addr.host, port: addr.port,
                tls: try MeshTLSContext.meshClient(credentials, trustDomain: identity.trustDomain, expecting: identity.name))
        }
    }

    /// The name in this side's certificate.
    ///
    /// - Throws: as ``meshPeer()``.
    func caller() throws -> String {
        try Self.usage { try credentials.identity().name }
    }

    private var credentials: MeshTLSCredentials {
        MeshTLSCredentials(certificateChainPath: cert, privateKeyPath: key, trustRootsPath: ca)
    }

    private static func usage<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as MeshTLSError {
            throw MeshCommandError.usage("\(error)")
        }
    }
}

/// `HOST:PORT`, the host a name or an address; of IPv6 in brackets.
struct PeerAddress: ExpressibleByArgument, Equatable {
    let host: String
    let port: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let plain = isBracketed ? host.dropFirst().dropLast() : host
        guard !plain.isEmpty, isBracketed == plain.contains(":") else { return nil }
        self.host = String(plain)
        self.port = port
    }
}

/// A SPIFFE id as an argument.
struct PeerName: ExpressibleByArgument {
    let identity: SPIFFEIdentity

    init?(argument: String) {
        guard let identity = try? SPIFFEIdentity(uri: argument) else { return nil }
        self.identity = identity
    }
}
