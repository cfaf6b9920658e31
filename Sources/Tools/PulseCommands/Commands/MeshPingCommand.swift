import ArgumentParser
import Deployment

struct MeshPingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping", abstract: "Connects to processes of the mesh, shows who answers and how fast; exits 1 unless all serve.")

    static let counts = 1...10_000

    @OptionGroup var state: StateOptions
    @Argument(help: "A process (auth) or a service (Accounts); everything with a mesh port otherwise.")
    var name: String?
    @Option(name: [.customShort("n"), .long], help: "Health checks to time.")
    var count = 5

    func validate() throws {
        guard Self.counts.contains(count) else { throw ValidationError("-n takes \(Self.counts.lowerBound) to \(Self.counts.upperBound)") }
    }

    func run() async throws {
        try await MeshCommandError.reporting {
            let mesh = OperatorMesh(state.folder)
            var failures: [String] = []
            let question = MeshTarget.healthQuestion(named: name)
            for name in try MeshTarget.processes(named: name) {
                // Outside: a deployment that was never started is not a process that does not answer.
                let endpoint = try mesh.endpoint(of: name)
                let report: PingReport
                do {
                    report = try await Self.ping(MeshProbe(name: name, mesh: mesh), count, of: question)
                } catch {
                    failures.append("\(name.rawValue) at \(endpoint): \(TerminalText.line("\(error)"))")
                    continue
                }
                try Terminal.line(report.text)
                if !report.isServing { failures.append("\(name.rawValue) does not serve") }
            }
            if !failures.isEmpty { throw MeshCommandError.failed(failures.joined(separator: "\n")) }
        }
    }

    private static func ping(_ probe: MeshProbe, _ count: Int, of question: String) async throws -> PingReport {
        let handshake = try await probe.handshake()
        let (times, last) = try await probe.healthChecks(count, of: question)
        return PingReport(
            name: probe.name, endpoint: try probe.mesh.endpoint(of: probe.name), handshake: handshake, times: times, health: last)
    }
}
