public import ArgumentParser
import MeshTool

/// `pulse`: what an operator and a trader do with a deployment.
public struct PulseCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "pulse",
        abstract: "Runs CryptoPulse and trades with it.",
        groupedSubcommands: [
            CommandGroup(
                name: "Deployment", subcommands: [InitCommand.self, UpCommand.self, DownCommand.self, StatusCommand.self, KillSwitchCommand.self]),
            CommandGroup(
                name: "Identities and keys", subcommands: [EnrolCommand.self, IdentityCommand.self, KeysCommand.self, SecretsCommand.self, UsersCommand.self]),
            CommandGroup(
                name: "Trading",
                subcommands: [
                    SignUpCommand.self, LoginCommand.self, LogoutCommand.self, ExchangeCommand.self, ChatCommand.self, ProposalsCommand.self,
                    SignCommand.self, RejectCommand.self, OrdersCommand.self, PortfolioCommand.self, AuditCommand.self,
                ]),
            CommandGroup(name: "The mesh", subcommands: [MeshCommand.self]),
            CommandGroup(name: "Everything at once", subcommands: [DemoCommand.self]),
        ])

    public init() {}

    public static func main() async {
        await runToEnd()
    }
}
