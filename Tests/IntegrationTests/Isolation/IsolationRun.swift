import Cryptography
import Deployment
import Foundation
import LocalMesh
import ModelServer
import Testing

/// One day of work with a deployment of its own, searched once for all tests.
struct IsolationRun {
    let mesh: LocalMesh
    let day: DayOfWork
    let search: ByteSearch
    let findings: Findings
    /// The language model that answered.
    let model: ModelServer

    @TaskLocal private static var current: IsolationRun?

    /// The run of the suite that this test belongs to.
    static func shared() throws -> IsolationRun {
        guard let current else { throw NeverHappened(what: "the suite has the trait .afterDayOfWork") }
        return current
    }

    /// Makes a run, lends it to `body`, and stops its deployment.
    static func with(_ body: () async throws -> Void) async throws {
        // Nobody listens there: what counts is that audit has the key with which it would sign.
        let alerts = DeploymentOptions.Alerts(webhook: "https://127.0.0.1:9/alerts")
        let key = "sk-live-" + Hex.encode(SecureRandom.bytes(24))
        try await ModelServer.with(keys: [key]) { server in
            try await LocalMesh.with(alerts: alerts, model: .init(baseURL: server.url, name: "test-model", rootsPath: server.rootsPath)) { mesh in
                let run = try await IsolationRun(mesh, server, key: key)
                try await $current.withValue(run, operation: body)
            }
        }
    }

    private init(_ mesh: LocalMesh, _ model: ModelServer, key: String) async throws {
        guard ProcessImage.isReadable else {
            throw NeverHappened(what: "this test reads other processes' memory: run it as root, or with CAP_SYS_PTRACE")
        }
        self.mesh = mesh
        self.model = model
        day = try await DayOfWork(on: mesh, modelKey: key)
        search = try ByteSearch(day.planted)
        let dumps = FileManager.default.temporaryDirectory.appending(path: "dumps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: dumps, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: dumps) }
        var findings = Findings()
        try findings.search(mesh.folder, for: search)
        for name in ServiceName.allCases {
            let image = ProcessImage(pid: try await Self.pid(of: name, on: mesh))
            try await findings.search(image, of: .service(name), for: search, dumps: dumps)
        }
        self.findings = findings
        // For whoever wants to see what was found where.
        if let report = ProcessInfo.processInfo.environment["CRYPTOPULSE_ISOLATION_REPORT"] {
            try findings.summary.write(toFile: report, atomically: true, encoding: .utf8)
        }
    }

    static func pid(of name: ServiceName, on mesh: LocalMesh) async throws -> Int32 {
        guard let pid = try await mesh.process(name).pid else { throw NeverHappened(what: "\(name.rawValue) runs") }
        return pid
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
