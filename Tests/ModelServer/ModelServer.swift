internal import Foundation
internal import Identity
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// A real HTTPS server of chat completions on a free port of this machine, with a certificate of its own. It answers as it is told, and
/// keeps what it was asked.
public final class ModelServer: Sendable {
    /// What stands in a question.
    public struct Question: Sendable {
        public var path: String
        public var authorization: String
        public var body: String
    }

    public typealias Answer = @Sendable (Question) -> Reply

    private struct State {
        var questions: [Question] = []
        /// nil: any.
        var keys: Set<String>?
        var answer: Answer
    }

    /// The API's base address.
    public let url: String
    /// The PEM file that trusts it.
    public let rootsPath: String
    private let state: Mutex<State>
    private let channel: any Channel

    private init(_ channel: any Channel, port: Int, rootsPath: String, state: consuming sending State) {
        self.channel = channel
        self.rootsPath = rootsPath
        url = "https://127.0.0.1:\(port)/v1"
        self.state = Mutex(state)
    }

    /// Runs `body` with a server that is gone afterwards.
    ///
    /// - Parameter keys: those that it takes; nil: any.
    public static func with<T>(
        keys: Set<String>? = nil, _ answer: @escaping Answer = ModelAnswers.trader, _ body: (ModelServer) async throws -> T
    ) async throws -> T {
        let folder = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try await start(in: folder, State(keys: keys, answer: answer))
        do {
            let result = try await body(server)
            try await server.channel.close()
            return result
        } catch {
            try? await server.channel.close()
            throw error
        }
    }

    private static func start(in folder: URL, _ state: State) async throws -> ModelServer {
        let authority = try CertificateAuthority.makeRoot(environment: "test")
        let issued = try authority.issueHTTPS(dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        let roots = folder.appending(path: "roots.pem").path
        try authority.certificatePEM.write(toFile: roots, atomically: true, encoding: .utf8)
        let tls = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(issued.certificatePEM.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(issued.privateKeyPEM.utf8), format: .pem))))
        let here = Mutex<ModelServer?>(nil)
        let reply: @Sendable (Question) -> Reply = { question in here.withLock { $0 }?.reply(to: question) ?? .status(503) }
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ConversationHandler(reply))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ModelServer(channel, port: channel.localAddress?.port ?? 0, rootsPath: roots, state: state)
        here.withLock { $0 = server }
        return server
    }

    private func reply(to question: Question) -> Reply {
        let isForModels = question.path.hasSuffix("/models")
        let answer = state.withLock { state -> Answer? in
            if !isForModels { state.questions.append(question) }
            let taken = state.keys.map { $0.contains { question.authorization == "Bearer \($0)" } } ?? true
            guard taken else { return nil }
            return isForModels ? ModelAnswers.models : state.answer
        }
        return answer?(question) ?? .status(401)
    }

    /// What it was asked so far, whether it answered or not; not who asked which models there are.
    public var questions: [Question] { state.withLock { $0.questions } }

    /// Whether connections are taken; those that are not wait in the kernel.
    public func takesConnections(_ takes: Bool) async throws { try await channel.setOption(.autoRead, value: takes).get() }

    /// From now on it takes these keys and no others.
    public func accept(_ keys: Set<String>) { state.withLock { $0.keys = keys } }
    public func answer(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }
}
