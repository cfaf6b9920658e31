package import Deployment
import Foundation

/// `person/session.json` in the state folder, mode 0600.
package struct SessionStore: Sendable {
    private let path: String

    package init(_ folder: StateFolder) {
        path = folder.person + "/session.json"
    }

    func load() throws -> Session {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("nobody is signed in; use `pulse sign-up` or `pulse login`")
        }
        return try JSONDecoder().decode(Session.self, from: data)
    }

    func save(_ session: Session) throws {
        try PrivateFile.write(JSONEncoder().encode(session), to: path)
    }

    func remove() throws {
        try? FileManager.default.removeItem(atPath: path)
    }
}
