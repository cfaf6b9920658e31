public import ArgumentParser
public import Deployment
import Foundation
import ServiceKit

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

    @Option(
        help: "The language model that answers: https://host/v1, or 'built-in'. Its key: `pulse secrets put agent llm-api-key --reason TEXT < file`.")
    var model: String?

    @Option(help: "The language model's name, as its server calls it.")
    var modelName: String?

    @Option(help: "PEM file of the certificate authorities to trust for the language model.")
    var modelRoots: String?

    @Option(help: "A JSON file that says where people's trade keys are made and sign: a transit engine or a PKCS #11 device (compose/secrets.md).")
    var tradeKeys: String?

    @Option(help: "A JSON file that says whose secrets lie in a store of their own: Vault, AWS or a PKCS #11 device, by service (compose/secrets.md).")
    var secretStores: String?

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
        try applyModel(to: &options)
        if let tradeKeys { try options.takeTradeKeys(from: Self.absolute(tradeKeys)) }
        if let secretStores { try options.takeSecretStores(from: Self.absolute(secretStores)) }
        if let candles {
            let path = Self.absolute(candles)
            guard FileManager.default.isReadableFile(atPath: path) else { throw CommandError("cannot read \(path)") }
            options.candles = path
        }
        return options
    }

    private func applyModel(to options: inout DeploymentOptions) throws {
        if model == "built-in" {
            guard modelName == nil, modelRoots == nil else { throw CommandError("the built-in model has neither name nor roots") }
            options.model = nil
        } else if model != nil || modelName != nil || modelRoots != nil {
            guard let url = model ?? options.model?.baseURL, let name = modelName ?? options.model?.name else {
                throw CommandError("a language model has an address and a name: --model https://host/v1 --model-name NAME")
            }
            guard url.hasPrefix("https://"), Endpoint(url: url) != nil else { throw CommandError("--model is https://host/path, or built-in: \(url)") }
            let roots = modelRoots.map(Self.absolute) ?? (model == nil ? options.model?.rootsPath : nil)
            options.model = .init(baseURL: url, name: name, rootsPath: roots)
        }
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
