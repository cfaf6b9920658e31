public import ArgumentParser
public import Deployment
import Foundation

extension SecretsPlace: ExpressibleByArgument {}

/// What `init` and `up` let an operator choose. What is not given stays as it was.
struct DeploymentChoices: ParsableArguments {
    @Option(help: "First port: gateway there, the others after it; 0 means free ports.")
    var portBase: Int?

    @Option(help: "A candle file in Binance's kline columns for the sandbox exchange to replay.")
    var candles: String?

    @Option(help: "Where audit sends alerts: https://host/path. `pulse secrets show audit alert-webhook-key` has the receiver's key.")
    var alerts: String?

    @Option(help: "PEM file of the certificate authorities to trust for alerts.")
    var alertsRoots: String?

    @Option(help: "Where a new folder's secrets lie: sealed, or in files for an orchestrator that mounts them.")
    var secrets: SecretsPlace?

    @Option(help: "Folder of the keys that wrap sealed secrets; beside the state folder unless given.")
    var wrappingKeys: String?

    func apply(to present: DeploymentOptions?) throws -> DeploymentOptions {
        var options = present ?? DeploymentOptions(secrets: secrets ?? .sealed, wrappingKeys: wrappingKeys.map(Self.absolute))
        if let secrets, secrets != options.secretsPlace {
            throw CommandError("the folder's secrets lie in '\(options.secretsPlace.rawValue)'; make a new folder to have them in '\(secrets.rawValue)'")
        }
        if let wrappingKeys { options.wrappingKeys = Self.absolute(wrappingKeys) }
        if let portBase { options.portBase = portBase }
        if let alerts { options.alerts = .init(webhook: alerts, rootsPath: alertsRoots.map(Self.absolute)) }
        if let candles {
            let path = Self.absolute(candles)
            guard FileManager.default.isReadableFile(atPath: path) else { throw CommandError("cannot read \(path)") }
            options.candles = path
        }
        return options
    }

    /// Makes the state folder, or brings it up to date with the choices.
    func initialise(_ folder: StateFolder) async throws {
        let initializer = Initializer(folder)
        try await initializer.initialise(apply(to: folder.isInitialised ? initializer.options() : nil))
    }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes the state folder: development root, issuing key, secrets, and join tokens that are good for a day.")

    @OptionGroup var state: StateOptions
    @OptionGroup var choices: DeploymentChoices

    func run() async throws {
        try await choices.initialise(state.folder)
        try JoinTokenMint.giveToAll(state.folder, lifetime: .seconds(86400))
        print("initialised \(state.folder.path)")
    }
}
