internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Secrets

/// Sends requests to one store and reads the whole answers, within a deadline and a size limit. Follows no redirect.
final class StoreHTTPClient: Sendable {
    struct Request: Sendable {
        var method = "GET"
        /// Begins with a slash; holds no secret.
        var path: String
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    struct Reply: Sendable {
        var status: Int
        var body: [UInt8]

        var isSuccess: Bool { (200..<300).contains(status) }
    }

    /// A client certificate: paths of PEM files.
    struct Certificate: Sendable {
        var chainPath: String
        var keyPath: String
    }

    private let client: HTTPClient
    private let address: StoreAddress
    private let limits: StoreLimits

    /// - Parameter rootsPath: a PEM file with the roots that are trusted instead of the system's.
    /// - Throws: `unusable` when a certificate file cannot be used.
    init(_ address: StoreAddress, rootsPath: String?, certificate: Certificate? = nil, limits: StoreLimits) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let rootsPath { tls.trustRoots = .file(rootsPath) }
        if let certificate { try Self.add(certificate, to: &tls) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: TimeAmount(limits.connect)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.address = address
        self.limits = limits
    }

    deinit {
        client.shutdown { _ in }
    }

    /// One attempt.
    ///
    /// - Throws: `unavailable` when no whole answer came; `CancellationError`.
    func send(_ request: Request) async throws -> Reply {
        do {
            return try await withDeadline(limits.attempt, from: address.text) { try await self.exchange(request) }
        } catch let cause as SecretStoreError.Cause {
            throw cause
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw SecretStoreError.Cause.unavailable("\(address.text): \(Self.reason(error))")
        }
    }

    private func exchange(_ request: Request) async throws -> Reply {
        var outgoing = HTTPClientRequest(url: address.text + request.path)
        outgoing.method = .RAW(value: request.method)
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
        let response = try await client.execute(outgoing, timeout: TimeAmount(limits.attempt))
        let body = try await response.body.collect(upTo: limits.maximumReplyBytes)
        return Reply(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    private static func add(_ certificate: Certificate, to tls: inout TLSConfiguration) throws {
        do {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.chainPath).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem))
        } catch {
            throw SecretStoreError.Cause.unusable("the client certificate \(certificate.chainPath) or its key cannot be used")
        }
    }

    /// Names the kind of failure; the error itself may quote what was sent.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case is NIOConnectionError: "connection refused or host not found"
        case NIOSSLError.handshakeFailed: "TLS handshake failed"
        case is NIOSSLExtraError: "its certificate is not accepted"
        case is NIOTooManyBytesError: "its answer is too large"
        default: "\(type(of: error))"
        }
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
