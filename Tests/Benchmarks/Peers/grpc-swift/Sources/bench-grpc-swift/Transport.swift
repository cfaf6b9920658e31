import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOPosix

/// Mutual TLS. One event loop on each side: each has one core.
extension Options {
    private var chain: [TLSConfig.CertificateSource] { [.file(path: certificate, format: .pem)] }
    private var roots: TLSConfig.TrustRootsSource { .certificates([.file(path: authority, format: .pem)]) }

    func serverTransport() -> HTTP2ServerTransport.Posix {
        HTTP2ServerTransport.Posix(
            address: .ipv4(host: host, port: port),
            transportSecurity: .mTLS(certificateChain: chain, privateKey: .file(path: key, format: .pem)) { $0.trustRoots = roots },
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1))
    }

    func clientTransport(on group: MultiThreadedEventLoopGroup) throws -> HTTP2ClientTransport.Posix {
        try HTTP2ClientTransport.Posix(
            target: .ipv4(address: host, port: port),
            transportSecurity: .mTLS(certificateChain: chain, privateKey: .file(path: key, format: .pem)) { $0.trustRoots = roots },
            config: .defaults { $0.http2.authority = "localhost" },
            eventLoopGroup: group)
    }
}
