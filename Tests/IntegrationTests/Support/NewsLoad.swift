import Deployment
import LocalMesh
import MeshRuntime
import ServiceAPI
import Synchronization

/// News for the receiver of alerts, without a pause: an operator asks for one key's rotation again and again.
final class NewsLoad: Sendable {
    private let client: MeshClient
    private let key: String
    private let stop = Atomic(false)
    private let count = Mutex((told: 0, failures: [String]()))

    /// - Parameter key: somebody's trade key.
    init(about key: String, on mesh: LocalMesh) throws {
        client = try mesh.client(to: .execution, as: "operator")
        self.key = key
    }

    var told: Int { count.withLock(\.told) }
    var failures: [String] { count.withLock(\.failures) }
    func end() { stop.store(true, ordering: .relaxed) }

    /// Until `end`.
    func run() async {
        var next = ContinuousClock.now
        while !stop.load(ordering: .relaxed) {
            do {
                _ = try await KeysV1.KeysClient(client).rotateKey(.init(kind: "exchange-trade", id: key, reason: "news"))
                count.withLock { $0.told += 1 }
            } catch {
                count.withLock { $0.failures.append("\(error)") }
            }
            next += .milliseconds(250)
            try? await ContinuousClock().sleep(until: next)
        }
        await client.close()
    }
}
