import AuditClient
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyManagement
import Secrets
import ServiceAPI
import Storage
import Synchronization
import Testing

@testable import AuditService

@Suite("Alerts")
struct AlertTests {
    /// The receiver: real HTTP on a free port, which answers as it is told.
    private final class Receiver: Sendable {
        struct Post: Sendable {
            var signature: String
            var key: String
            var body: [UInt8]
        }

        /// How many posts it takes.
        private let state = Mutex<(posts: [Post], room: Int)>(([], .max))
        var posts: [Post] { state.withLock(\.posts) }
        func take(atMost count: Int) { state.withLock { $0.room = count } }

        func run(_ body: @escaping @Sendable (_ url: String) async throws -> Void) async throws {
            let router = Router()
            router.post("hook") { [self] request, _ in
                let bytes = try await request.body.collect(upTo: 1 << 16)
                func header(_ name: String) -> String { HTTPField.Name(name).flatMap { request.headers[$0] } ?? "" }
                let post = Post(signature: header("cryptopulse-signature"), key: header("idempotency-key"), body: Array(buffer: bytes))
                return state.withLock { state -> HTTPResponse.Status in
                    guard state.posts.count < state.room else { return .serviceUnavailable }
                    state.posts.append(post)
                    return .ok
                }
            }
            try await Application(router: router, logger: quiet).test(.live) { client in
                try await body("http://localhost:\(try #require(client.port))/hook")
            }
        }
    }

    private struct Scene {
        let log: TestLog
        let signature = AlertSignature()
        let keyring: StoredKeyring
        let feed: AlertFeed
        let store: FileSecretStore

        init(_ url: String, over log: TestLog) async throws {
            self.log = log
            let secrets = log.folder.path + "/secrets"
            store = FileSecretStore(folder: secrets)
            if !FileManager.default.fileExists(atPath: secrets) {
                try FileManager.default.createDirectory(atPath: secrets, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                try await store.put(SecretBytes(copying: [UInt8](repeating: 9, count: 32)), as: AlertSignature.secret, at: .current)
            }
            let (audit, signature) = (log.log, signature)
            let place = KeyringPlace(
                store: store, database: log.database, service: "audit", tell: { try audit.append(own: $0, in: $1) }, logger: quiet)
            keyring = StoredKeyring(AlertSignature.plan(KeySchedule()), in: place) { signature.take($0) }
            try await keyring.start()
            feed = AlertFeed(
                environment: "test", origin: TestLog.origin, database: log.database, sender: AlertSender(url: url, rootsPath: nil),
                signature: signature, logger: quiet, clock: { Date(timeIntervalSince1970: 1_790_000_000) })
        }

        func happen(_ action: String) async throws {
            try await log.log.append(own: AuditEvent(actor: .service("auth"), action: action, object: "x", reason: "age"))
        }
    }

    private func members(_ post: Receiver.Post) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(post.body)) as? [String: Any])
    }

    @Test("What is news is posted once, signed; what was written before and what is no news is not")
    func delivery() async throws {
        let receiver = Receiver()
        try await receiver.run { url in
            let scene = try await Scene(url, over: try await TestLog())
            try await scene.happen("keys.overdue")
            _ = try await scene.feed.step()
            #expect(receiver.posts.isEmpty)
            for action in ["order.intent", "keys.overdue", "keys.nearly_due"] { try await scene.happen(action) }
            _ = try await scene.feed.step()
            _ = try await scene.feed.step()
            let posts = receiver.posts
            #expect(try posts.map { try members($0)["action"] as? String } == ["keys.overdue", "keys.nearly_due"])
            #expect(try posts.map { try members($0)["severity"] as? String } == ["critical", "warning"])
            let first = try #require(posts.first)
            #expect(first.key.hasPrefix(TestLog.origin + "/"))
            let key = SecretBytes(copying: [UInt8](repeating: 9, count: 32))
            let mac = Hex.encode(Hashing.hmacSHA256(Array("1790000000.".utf8) + first.body, key: key.symmetricKey))
            #expect(first.signature == "t=1790000000,\(StoredKey.fingerprint(of: key))=\(mac)")
        }
    }

    @Test("A receiver that is away loses nothing, not over a restart either, and what it took is not sent again")
    func redelivery() async throws {
        let receiver = Receiver()
        try await receiver.run { url in
            let scene = try await Scene(url, over: try await TestLog())
            _ = try await scene.feed.step()
            for action in ["keys.overdue", "order.cancel_failed"] { try await scene.happen(action) }
            receiver.take(atMost: 1)
            await #expect(throws: AlertFailure.refused(status: 503)) { try await scene.feed.step() }
            receiver.take(atMost: .max)
            let again = try await Scene(url, over: try await TestLog(try scene.log.folder.crashed()))
            _ = try await again.feed.step()
            #expect(try receiver.posts.map { try members($0)["action"] as? String } == ["keys.overdue", "order.cancel_failed"])
        }
    }

    @Test("After a rotation alerts bear both signatures, after a revocation only the new one; audit's own log tells of each change")
    func rotation() async throws {
        let receiver = Receiver()
        try await receiver.run { url in
            let scene = try await Scene(url, over: try await TestLog())
            _ = try await scene.feed.step()
            let old = StoredKey.fingerprint(of: SecretBytes(copying: [UInt8](repeating: 9, count: 32)))
            let change = KeyChange(actor: .operator, reason: "test")
            let new = try await scene.keyring.rotate(nil, change).key.id
            try await scene.happen("keys.overdue")
            _ = try await scene.feed.step()
            #expect(receiver.posts.last?.signature.contains("\(old)=") == true && receiver.posts.last?.signature.contains("\(new)=") == true)
            _ = try await scene.keyring.revoke(old, change)
            try await scene.happen("keys.overdue")
            _ = try await scene.feed.step()
            #expect(receiver.posts.last?.signature.contains("\(old)=") == false && receiver.posts.last?.signature.contains("\(new)=") == true)
            let told = try await scene.log.records().map(\.action)
            #expect(told.filter { $0.hasPrefix("keys.") && $0 != "keys.overdue" } == ["keys.activated", "keys.activated", "keys.revoked"])
            try await scene.log.fullCheck()
        }
    }

    @Test(
        "An address that would give alerts away, or is none, is refused in words",
        arguments: ["http://example.com/hook", "hook", "ftp://127.0.0.1/", "https://user:x@example.com/"])
    func addresses(url: String) {
        #expect(AlertOptions(webhook: url).fault?.contains("alerts.webhook") == true)
        #expect(AlertOptions(webhook: "https://example.com/hook").fault == nil && AlertOptions(webhook: "http://127.0.0.1:1/").fault == nil)
    }
}
