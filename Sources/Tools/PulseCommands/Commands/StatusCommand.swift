import ArgumentParser
import Deployment
import MeshTool

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows what runs; exits 1 unless everything is ready.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        let status = try await DeploymentStatus.read(state.folder)
        print("supervisor \(status.supervisor.map { "pid \($0)" } ?? "not running")")
        for line in status.lines {
            let name = line.name.rawValue.padding(to: 18)
            let process = (line.pid.map { "pid \($0)" } ?? "not running").padding(to: 14)
            print("\(name)\(process)port \(line.port)  \(TerminalText.line(line.unready ?? "ready"))")
        }
        guard status.isReady else { throw ExitCode.failure }
    }
}

extension String {
    func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 1))
    }
}
