import Deployment
import Foundation
import MeshTool
import ServiceAPI

/// Keys as an operator reads them.
enum KeyText {
    static let header = line("KEY", "STATE", "SINCE", "DUE", "OWNER")

    static func line(_ key: KeysV1.Key, of process: ServiceName) -> String {
        line("\(process.rawValue)/\(key.kind)/\(key.id)", key.state, date(since(key)), due(key), key.userId.isEmpty ? "-" : key.userId)
    }

    private static func line(_ name: String, _ state: String, _ since: String, _ due: String, _ owner: String) -> String {
        TerminalText.line(name.padding(to: 66) + state.padding(to: 10) + since.padding(to: 12) + due.padding(to: 24) + owner)
    }

    /// Everything there is to know, a line each.
    static func all(_ key: KeysV1.Key, of process: ServiceName) -> String {
        let facts: [(String, String)] = [
            ("key", "\(process.rawValue)/\(key.kind)/\(key.id)"), ("state", key.state), ("owner", key.userId), ("created", time(key.createdAt)),
            ("activated", time(key.activatedAt)), ("retired", time(key.retiredAt)), ("gone", time(key.goneAt)), ("due", time(key.dueAt)),
            ("age", key.age), ("rotation asked for", key.rotationRequested),
            ("lies in", key.store),
        ]
        return facts.filter { !$0.1.isEmpty }.map { TerminalText.line("\($0.0):".padding(to: 20) + $0.1) }.joined(separator: "\n")
    }

    private static func since(_ key: KeysV1.Key) -> Int64 {
        switch key.state {
        case "active": key.activatedAt == 0 ? key.createdAt : key.activatedAt
        case "retiring": key.retiredAt
        case "gone": key.goneAt
        default: key.createdAt
        }
    }

    private static func due(_ key: KeysV1.Key) -> String {
        guard key.dueAt != 0 else { return "-" }
        return key.age == "fresh" ? date(key.dueAt) : "\(date(key.dueAt)) \(key.age)"
    }

    private static func date(_ seconds: Int64) -> String {
        seconds == 0 ? "-" : String(time(seconds).prefix(10))
    }

    private static func time(_ seconds: Int64) -> String {
        seconds == 0 ? "" : Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
