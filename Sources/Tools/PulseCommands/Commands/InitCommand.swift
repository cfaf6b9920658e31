import ArgumentParser
import Deployment
import Foundation

/// What `init` and `up` let an operator choose. What is not given stays as it was.
struct DeploymentChoices: ParsableArguments {
    @Option(help: "First port: gateway there, the others after it; 0 means free ports.")
    var portBase: Int?

    @Option(help: "A candle file in Binance's kline columns for the sandbox exchange to replay.")
    var candles: String?

    @Option(help: "Where audit sends alerts: https://host/path. The receiver checks them with the key in audit/secrets/alert-webhook-key.")
    var alerts: String?

    @Option(help: "PEM file of the certificate authorities to trust for alerts.")
    var alertsRoots: String?

    func apply(to options: DeploymentOptions) throws -> DeploymentOptions {
        var options = options
        if let portBase { options.portBase = portBase }
        if let alerts { options.alerts = .init(webhook: alerts, rootsPath: alertsRoots.map { URL(fileURLWithPath: $0).standardizedFileURL.path }) }
        if let candles {
            let path = URL(fileURLWithPath: candles).standardizedFileURL.path
            guard FileManager.default.isReadableFile(atPath: path) else { throw CommandError("cannot read \(path)") }
            options.candles = path
        }
        return options
    }

    /// Makes the state folder, or brings it up to date with the choices.
    func initialise(_ folder: StateFolder) throws {
        let initializer = Initializer(folder)
        let present = folder.isInitialised ? try initializer.options() : DeploymentOptions()
        try initializer.initialise(apply(to: present))
    }
}

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes the state folder: development root, issuing key, secrets, and join tokens that are good for a day.")

    @OptionGroup var state: StateOptions
    @OptionGroup var choices: DeploymentChoices

    func run() throws {
        try choices.initialise(state.folder)
        try JoinTokenMint.giveToAll(state.folder, lifetime: .seconds(86400))
        print("initialised \(state.folder.path)")
    }
}
