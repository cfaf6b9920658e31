import Cryptography
import Deployment
import Foundation
import LocalMesh
import MeshCall
import MeshRuntime
import ModelServer
import PulseCommands
import ServiceAPI
import Synchronization

/// What passes through processes and stands nowhere, looked for while it can go no further, so that somebody has it in hand. Each value is made for this
/// and was in no process before: what is found is no leftover.
struct CredentialsInFlight {
    private static let scope = ["market:read", "portfolio:read", "order:propose"]
    /// Calls have deadlines, and this machine may be busy.
    private static let attempts = 5

    private let mesh: LocalMesh
    /// Known before any of them stands still: whoever asks how a deployment is asks all of them.
    private let pids: [ServiceName: Int32]
    private let supervisor: Int32
    private(set) var findings = Findings()

    init(on mesh: LocalMesh, _ model: ModelServer) async throws {
        self.mesh = mesh
        var pids: [ServiceName: Int32] = [:]
        for name in ServiceName.allCases { pids[name] = try await mesh.pid(of: name) }
        self.pids = pids
        supervisor = try await mesh.supervisorPID()
        try await again("the password") { try await $0.catchPassword() }
        let someone = try await mesh.makePerson()
        try await again("the sign-off token") { try await $0.catchSignOffToken(of: someone) }
        try await again("the narrowed token") { try await $0.catchNarrowedToken(of: someone.person, model) }
    }

    private mutating func again(_ what: String, _ attempt: (inout Self) async throws -> Bool) async throws {
        for _ in 0..<Self.attempts where try await attempt(&self) { return }
        throw NeverHappened(what: "\(what) is found before its call has ended")
    }

    /// The gateway asks auth, which stands still.
    private mutating func catchPassword() async throws -> Bool {
        let (gateway, password) = (mesh.gateway, Hex.encode(SecureRandom.bytes(20)))
        let auth = try await FrozenProcess(pid(of: .auth))
        defer { auth.thaw() }
        return try await find("password", SecretForms(text: password), in: [.gateway]) {
            // Nobody's, and refused in the end: what counts is that the gateway asks.
            _ = try? await gateway.signIn(email: "in-flight@example.com", password: password, code: "000000")
        }
    }

    /// The agent waits for its model, which answers nothing.
    private mutating func catchNarrowedToken(of person: Person, _ model: ModelServer) async throws -> Bool {
        let auth = try mesh.client(to: .auth, as: "gateway")
        let token = try await AuthV1.AuthClient(auth).narrowToken(.init(scope: Self.scope), options: .bearer(person.token())).token
        await auth.close()
        model.answer { _ in .silence }
        defer { model.answer(ModelAnswers.trader) }
        let agent = try mesh.client(to: .agent, as: "gateway")
        let isFound = try await find("agent's narrowed token", SecretForms(text: token), in: [.agent]) {
            guard let events = try? await AgentV1.AgentClient(agent).chat(.init(utteranceId: "in-flight", text: "how is BTC doing?"), options: .bearer(token))
            else { return }
            do { for try await _ in events {} } catch {}
        }
        await agent.close()
        return isFound
    }

    /// Execution asks audit, which stands still, and the gateway waits for execution. The token is theirs: the test knows only what it consents to, which
    /// stands in no other token.
    private mutating func catchSignOffToken(of someone: LocalPerson) async throws -> Bool {
        guard let proposal = try await someone.propose("buy 0.01 BTC at market").first, let digest = Hex.decode(proposal.digest) else {
            throw NeverHappened(what: "a proposal to sign")
        }
        let claim = SecretForms(inBase64: "\"digest\":\"\(Base64URL.encode(digest))\"")
        let audit = try await FrozenProcess(pid(of: .audit))
        defer { audit.thaw() }
        let isBetween = { try await someone.person.orders().contains { $0.proposalId == proposal.id && $0.state == "INTENT" } }
        return try await find("sign-off token", claim, in: [.execution, .gateway], once: isBetween) {
            // Not sent without audit.
            _ = try? await someone.person.sign(proposal, code: nil)
        }
    }

    private func pid(of name: ServiceName) throws -> Int32 {
        guard let pid = pids[name] else { throw NeverHappened(what: "\(name.rawValue) runs") }
        return pid
    }

    private final class Call: Sendable {
        let hasEnded = Atomic(false)
    }

    /// Searches these processes' memory, while `work` cannot get on, until each has it in hand.
    ///
    /// - Parameter ready: says when they have; they are then stopped, so that the search may take its time. nil: that it is found says so.
    /// - Returns: false when `work` ended before: what is found then may be a leftover.
    private mutating func find(
        _ credential: String, _ forms: SecretForms, in names: [ServiceName], once ready: (() async throws -> Bool)? = nil,
        while work: @escaping @Sendable () async -> Void
    ) async throws -> Bool {
        let (search, call) = (try ByteSearch([PlantedValue(credential: credential, forms: forms)]), Call())
        let working = Task {
            await work()
            call.hasEnded.store(true, ordering: .sequentiallyConsistent)
        }
        defer { working.cancel() }
        var holders: [FrozenProcess] = []
        defer { for holder in holders { holder.thaw() } }
        if let ready {
            try await eventually("the \(credential) is on its way") { try await ready() || call.hasEnded.load(ordering: .sequentiallyConsistent) }
            for name in names { holders.append(try await FrozenProcess(pid(of: name))) }
            guard !call.hasEnded.load(ordering: .sequentiallyConsistent) else { return false }
        }
        var found = Findings()
        for name in names {
            let process = ProcessImage(pid: try pid(of: name))
            try await eventually("\(name.rawValue) has the \(credential) in hand") {
                let hits = try process.hits(search)[.memory] ?? []
                found.add(hits, .service(name), .onItsWay)
                return !hits.isEmpty || (holders.isEmpty && call.hasEnded.load(ordering: .sequentiallyConsistent))
            }
        }
        guard !holders.isEmpty || !call.hasEnded.load(ordering: .sequentiallyConsistent) else { return false }
        findings.add(found)
        try searchTheOthers(than: names, for: search)
        return true
    }

    /// Whoever has it now and may not is found as well.
    private mutating func searchTheOthers(than names: [ServiceName], for search: ByteSearch) throws {
        for (name, pid) in pids where !names.contains(name) {
            findings.add(try ProcessImage(pid: pid).hits(search)[.memory] ?? [], .service(name), .onItsWay)
        }
        findings.add(try ProcessImage(pid: supervisor).hits(search)[.memory] ?? [], .supervisor, .onItsWay)
    }
}
