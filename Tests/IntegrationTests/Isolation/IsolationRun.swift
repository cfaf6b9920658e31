import Cryptography
import Deployment
import Foundation
import KeyManagement
import LocalMesh
import ModelServer
import PulseCommands
import Testing

/// One day of work with a deployment of its own, searched once for all tests.
struct IsolationRun {
    let mesh: LocalMesh
    let day: DayOfWork
    let search: ByteSearch
    let findings: Findings
    /// What the language model was asked in that day.
    let questions: [ModelServer.Question]

    @TaskLocal private static var current: IsolationRun?

    /// The run of the suite that this test belongs to.
    static func shared() throws -> IsolationRun {
        guard let current else { throw NeverHappened(what: "the suite has the trait .afterDayOfWork") }
        return current
    }

    /// Makes a run, lends it to `body`, and stops its deployment.
    static func with(_ body: () async throws -> Void) async throws {
        guard ProcessImage.isReadable else {
            throw NeverHappened(what: "this test reads other processes' memory: run it as root, or with CAP_SYS_PTRACE")
        }
        // Nobody listens there: what counts is that audit has the key with which it would sign.
        let alerts = DeploymentOptions.Alerts(webhook: "https://127.0.0.1:9/alerts")
        let schedules = KeySchedules([.tokenSigning: KeySchedule(leadSeconds: DayOfWork.tokenLead)])
        func modelKey() -> String { "sk-live-" + Hex.encode(SecureRandom.bytes(24)) }
        let keys = (modelKey(), modelKey())
        try await ModelServer.with(keys: [keys.0, keys.1]) { server in
            let model = DeploymentOptions.Model(baseURL: server.url, name: "test-model", rootsPath: server.rootsPath)
            var (tokens, findings): ([PlantedValue], _) = ([], Findings())
            try await DetachedMesh.with(DeploymentOptions(portBase: 0, keys: schedules, alerts: alerts, model: model)) { folder in
                try JoinTokenMint.giveToAll(folder)
                tokens = try StoredCredentials.joinTokens(folder)
                // They are taken away as soon as they are used.
                try findings.search(files: folder.path, for: ByteSearch(tokens))
            } _: { mesh in
                let day = try await DayOfWork(on: mesh, modelKeys: keys, joinTokens: tokens)
                let run = try await IsolationRun(mesh, day, server, before: findings)
                try await $current.withValue(run, operation: body)
            }
        }
    }

    /// - Parameter before: what was found before anything ran.
    private init(_ mesh: LocalMesh, _ day: DayOfWork, _ model: ModelServer, before: Findings) async throws {
        self.mesh = mesh
        questions = model.questions
        self.day = day
        search = try ByteSearch(day.planted)
        let dumps = FileManager.default.temporaryDirectory.appending(path: "dumps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: dumps, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: dumps) }
        var findings = before
        findings.search(day.columns, for: search)
        for folder in [mesh.folder.path, mesh.folder.usualWrappingKeys] { try findings.search(files: folder, for: search) }
        for name in ServiceName.allCases {
            try await findings.search(ProcessImage(pid: await mesh.pid(of: name)), of: .service(name), for: search, dumps: dumps)
        }
        try await findings.search(ProcessImage(pid: await mesh.supervisorPID()), of: .supervisor, for: search, dumps: dumps)
        findings.add(try await CredentialsInFlight(on: mesh, model).findings)
        self.findings = findings
        // For whoever wants to see what was found where.
        if let report = ProcessInfo.processInfo.environment["CRYPTOPULSE_ISOLATION_REPORT"] {
            try findings.summary.write(toFile: report, atomically: true, encoding: .utf8)
        }
    }
}

/// Gives the tests of a suite one run in common.
struct AfterDayOfWork: SuiteTrait, TestScoping {
    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await IsolationRun.with(function)
    }
}

extension Trait where Self == AfterDayOfWork {
    static var afterDayOfWork: Self { AfterDayOfWork() }
}
