import Foundation

@testable import ServiceKit

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/cryptopulse-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension ServiceSettings {
    static func sample(_ folder: String) -> ServiceSettings {
        ServiceSettings(
            environment: "development", service: "agent", stateDirectory: folder, listen: Endpoint(host: "127.0.0.1", port: 7402),
            health: Endpoint(host: "127.0.0.1", port: 7412), peers: ["auth": Endpoint(host: "127.0.0.1", port: 7401)])
    }
}
