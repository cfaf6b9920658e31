import ArgumentParser
import Deployment
import MeshTool

struct MeshPingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping", abstract: "Connects to processes of the mesh, shows who answers and how fast; exits 1 unless all serve.")

    @OptionGroup var state: StateOptions
    @Argument(help: "A process (auth) or a service (Accounts); everything with a mesh port otherwise.")
    var name: String?
    @OptionGroup var times: PingArguments

    func run() async throws {
        try await MeshCommandError.reporting {
            let mesh = OperatorMesh(state.folder)
            var failures: [String] = []
            let question = MeshTarget.healthQuestion(named: name)
            for name in try MeshTarget.processes(named: name) {
                // Outside: a deployment that was never started is not a process that does not answer.
                let peer = try mesh.peer(name)
                let report: PingReport
                do {
                    report = try await MeshProbe(peer).report(as: name.rawValue, times.count, of: question)
                } catch {
                    failures.append("\(name.rawValue) at \(peer.address): \(TerminalText.line("\(error)"))")
                    continue
                }
                try StandardOutput.line(report.text)
                if !report.isServing { failures.append("\(name.rawValue) does not serve") }
            }
            if !failures.isEmpty { throw MeshCommandError.failed(failures.joined(separator: "\n")) }
        }
    }
}
