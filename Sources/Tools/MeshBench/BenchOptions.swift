internal import ArgumentParser
internal import MeshTLS

/// `HOST:PORT`.
struct BenchAddress: ExpressibleByArgument {
    let host: String
    let port: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        self.host = host.isEmpty ? "127.0.0.1" : String(host)
        self.port = port
    }
}

/// Where this side's certificate is.
struct CredentialOptions: ParsableArguments {
    @Option(help: "Certificate chain, PEM, leaf first.") var cert: String
    @Option(help: "Private key, PEM, mode 600.") var key: String
    @Option(help: "Roots, PEM.") var ca: String

    var credentials: MeshTLSCredentials {
        MeshTLSCredentials(certificateChainPath: cert, privateKeyPath: key, trustRootsPath: ca)
    }
}

/// A SPIFFE id as an argument.
struct PeerArgument: ExpressibleByArgument {
    let identity: SPIFFEIdentity

    init?(argument: String) {
        guard let identity = try? SPIFFEIdentity(uri: argument) else { return nil }
        self.identity = identity
    }
}
