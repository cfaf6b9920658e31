import Foundation
import Testing

/// Test data kept outside the repository: `CRYPTOPULSE_TEST_DATA` names a folder with `vectors/` below it.
enum Vectors {
    static let folder = ProcessInfo.processInfo.environment["CRYPTOPULSE_TEST_DATA"]

    /// Without the data a test is skipped; on CI it runs, and fails for want of them.
    static var available: Bool {
        folder != nil || ProcessInfo.processInfo.environment["CI"] == "true"
    }

    /// Reads one Wycheproof file.
    static func wycheproof<Group: Decodable>(_ name: String, as group: Group.Type) throws -> [Group] {
        let folder = try #require(folder, "CRYPTOPULSE_TEST_DATA is not set")
        let data = try Data(contentsOf: URL(filePath: folder).appending(path: "vectors/\(name).json"))
        return try JSONDecoder().decode(WycheproofFile<Group>.self, from: data).testGroups
    }
}

struct WycheproofFile<Group: Decodable>: Decodable {
    let testGroups: [Group]
}
