import Deployment
import MeshCall
import MeshTool
import ServiceAPI

/// The keys of every process of a deployment, each asked by itself.
struct KeyFleet {
    let mesh: OperatorMesh

    /// Those that serve `cryptopulse.keys.v1.Keys`.
    static let processes = MeshDirectory.processes(serving: "cryptopulse.keys.v1.Keys")

    /// What one process said, or why it said nothing.
    struct Answer {
        let process: ServiceName
        let keys: [KeysV1.Key]
        let failure: String?
    }

    init(_ folder: StateFolder) {
        mesh = OperatorMesh(folder)
    }

    /// - Parameters:
    ///   - process: only this one; nil means all.
    ///   - kind: only this kind; empty means all.
    func list(process: ServiceName? = nil, kind: String = "", gone: Bool = false) async throws -> [Answer] {
        var answers: [Answer] = []
        for name in process.map({ [$0] }) ?? Self.processes {
            do {
                let answer = try await with(name) { try await $0.listKeys(.init(kind: kind, gone: gone)) }
                answers.append(Answer(process: name, keys: answer.keys, failure: answer.truncated ? "there are more keys than are shown" : nil))
            } catch let error as RPCError where error.reason == "UNKNOWN_KIND" {
                answers.append(Answer(process: name, keys: [], failure: nil))
            } catch let error as RPCError {
                answers.append(Answer(process: name, keys: [], failure: TerminalText.line("\(error.code): \(error.message)")))
            }
        }
        return answers
    }

    func with<T>(_ name: ServiceName, _ body: (KeysV1.KeysClient) async throws -> T) async throws -> T {
        try await mesh.withClient(to: name) { try await body(KeysV1.KeysClient($0)) }
    }
}

/// A key as the commands name it: `execution/exchange-trade/7c9e…`, or without its end the one of its kind.
struct KeyName: Equatable {
    var process: ServiceName
    var kind: String
    /// Empty: the only one of its kind.
    var id: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, let process = ServiceName(rawValue: parts[0]), !parts[1].isEmpty else { return nil }
        self.process = process
        kind = parts[1]
        id = parts.count == 3 ? parts[2] : ""
    }
}
