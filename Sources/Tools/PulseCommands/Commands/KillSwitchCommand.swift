import ArgumentParser
import MeshTool
import ServiceAPI

struct KillSwitchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill-switch", abstract: "While engaged, no order leaves execution, for anybody.")

    enum Action: String, ExpressibleByArgument, CaseIterable {
        case on, off, status
    }

    @OptionGroup var state: StateOptions
    @Argument(help: "on, off or status.")
    var action = Action.status
    @Option(help: "Why; goes to the audit log. Required for on and off.")
    var reason: String?

    func validate() throws {
        if action != .status, reason?.isEmpty != false { throw ValidationError("say why with --reason") }
    }

    func run() async throws {
        let result = try await OperatorMesh(state.folder).withExecution { execution in
            guard action != .status else { return try await execution.getKillSwitch(.init()) }
            return try await execution.setKillSwitch(.init(engaged: action == .on, reason: reason ?? ""))
        }
        print(result.engaged ? "engaged: \(TerminalText.line(result.reason))" : "not engaged")
    }
}
