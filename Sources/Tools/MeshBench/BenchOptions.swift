internal import ArgumentParser
internal import MeshCall
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

/// Whether event loops look for the next call before they sleep.
struct SpinOptions: ParsableArguments {
    private static let usual = ConnectionLimits.default.longestSpin
    private static let longest = 1_000_000

    @Option(help: "Microseconds that an event loop looks for the next call before its thread sleeps; 0: never; as it is unless given.") var spin: Int?

    func validate() throws {
        if let spin, !(0...Self.longest).contains(spin) { throw ValidationError("--spin 0 to \(Self.longest)") }
    }

    var duration: Duration { spin.map { .microseconds($0) } ?? Self.usual }
}

/// A SPIFFE id as an argument.
struct PeerArgument: ExpressibleByArgument {
    let identity: SPIFFEIdentity

    init?(argument: String) {
        guard let identity = try? SPIFFEIdentity(uri: argument) else { return nil }
        self.identity = identity
    }
}
