import Deployment
import Foundation
import LocalMesh

/// A span as a process wrote it to its log.
struct LoggedSpan {
    let process: ServiceName
    let facts: [String: String]

    var id: String { facts["span_id"] ?? "" }
    var parent: String? { facts["parent_span_id"] }
    var kind: String { facts["kind"] ?? "" }
    var name: String { facts["name"] ?? "" }
}

extension LocalMesh {
    /// All that any process has written of a trace.
    func spans(of traceID: String) throws -> [LoggedSpan] {
        try ServiceName.allCases.flatMap { name in
            let log = try String(contentsOfFile: folder.log(name), encoding: .utf8)
            return log.split(separator: "\n").filter { $0.contains(#""message":"span""#) && $0.contains(traceID) }
                .compactMap { try? JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
                .filter { $0["trace_id"] == traceID }
                .map { LoggedSpan(process: name, facts: $0) }
        }
    }
}
