import Deployment
import Foundation
import Identity
import KeyManagement
import LocalMesh
import MeshRuntime
import ServiceAPI
import TestSupport

/// A mesh whose wall clock a test sets forward, and what can be seen of it. Commands run under the same clock.
struct ClockScene {
    static let members: [ServiceName] = [.auth, .gateway, .agent, .marketData, .execution, .audit]

    let mesh: LocalMesh
    let clock: LocalClock
    let person: ClockPerson

    init(_ mesh: LocalMesh, _ clock: LocalClock) async throws {
        self.mesh = mesh
        self.clock = clock
        person = try await ClockPerson(on: mesh)
    }

    // MARK: - The clock

    /// Six hours at a time: certificates never come to their end.
    func walk(toDay day: Int64, hour: Int64 = 0) async throws {
        let end = day * 86400 + hour * 3600
        while clock.offset < end {
            try clock.advance(by: .seconds(min(6 * 3600, end - clock.offset)))
            try await eventually("everybody's certificate is renewed") { try isFresh }
        }
    }

    /// As if the machine had been off: everybody enrols anew, once.
    func jump(toDay day: Int64) async throws {
        let (before, once) = (try serials(), enrolments.mapValues { $0 + 1 })
        try clock.advance(by: .seconds(day * 86400 - clock.offset))
        try await eventually(within: .seconds(60), "everybody has enrolled anew") { try isFresh && serials() != before }
        // The files change a moment before the log says how.
        try await eventually("by enrolment, once each") { enrolments == once }
    }

    // MARK: - Certificates

    func serials() throws -> [ServiceName: String] {
        try Self.members.reduce(into: [:]) { serials, name in serials[name] = try certificate(of: name).serial }
    }

    private func certificate(of name: ServiceName) throws -> CertificateFacts {
        try CertificateFacts(pem: String(contentsOfFile: mesh.folder.tls(name) + "/cert.pem", encoding: .utf8))
    }

    /// Everybody has a certificate that is good now, and is not past half of its life.
    var isFresh: Bool {
        get throws {
            let now = Int64(clock.now.timeIntervalSince1970)
            return try Self.members.allSatisfy { name in
                let facts = try certificate(of: name)
                return facts.begins <= now && now < facts.ends - 10 * 3600
            }
        }
    }

    /// How many it got, by its log.
    func certificates(of name: ServiceName, by way: String) -> Int { count(#""message":"mesh certificate""#, in: name, with: #""by":"\#(way)""#) }

    /// How often each enrolled; auth makes its own.
    var enrolments: [ServiceName: Int] {
        Self.members.filter { $0 != .auth }.reduce(into: [:]) { $0[$1] = certificates(of: $1, by: "enrolment") }
    }

    // MARK: - Logs

    func count(_ text: String, in name: ServiceName, with more: String = "") -> Int {
        let log = (try? String(contentsOfFile: mesh.folder.log(name), encoding: .utf8)) ?? ""
        return log.split(separator: "\n").count { $0.contains(text) && (more.isEmpty || $0.contains(more)) }
    }

    // MARK: - Keys

    /// By process, those in use that grow old, as the audit log names them.
    func agingKeys() async throws -> [ServiceName: Set<String>] {
        var keys: [ServiceName: Set<String>] = [:]
        for name in [ServiceName.auth, .execution, .marketData, .audit] {
            let client = try mesh.client(to: name, as: "operator")
            let all = try await KeysV1.KeysClient(client).listKeys(.init()).keys
            await client.close()
            keys[name] = Set(all.filter { $0.state == "active" && $0.kind != "log-signing" }.map { "\($0.kind)/\(KeyRecord.logged($0.id))" })
        }
        return keys
    }

    /// - Returns: what audit has of an action by the key that it is about, the newest only.
    func audited(_ action: String) throws -> [String: AuditV1.Record] {
        Dictionary(try mesh.auditRecords().filter { $0.action == action }.map { ($0.object, $0) }) { $1 }
    }

    // MARK: - Commands

    /// As an operator whose certificate is of now.
    func operate(_ arguments: [String]) async throws -> ProgramRun {
        // The supervisor runs in this process, whose clock OpenSSL does not see set: the operator gets its certificate itself.
        let enrolled = try await pulse(["enrol", "operator"])
        return enrolled.exitCode == 0 ? try await pulse(arguments) : enrolled
    }

    func pulse(_ arguments: [String], saying lines: [String] = []) async throws -> ProgramRun {
        try await ProgramRun.of(
            ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path], input: Array(lines.map { $0 + "\n" }.joined().utf8),
            environment: clock.environment(in: mesh.folder.service(.auth)))
    }

    func ping() async throws {
        try await eventually(within: .seconds(60), "all processes let each other in") {
            let ping = try await operate(["mesh", "ping"])
            if ping.exitCode != 0 { print(ping.text) }
            return ping.exitCode == 0
        }
    }
}
