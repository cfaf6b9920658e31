import ArgumentParser
import Deployment

struct ExchangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exchange", abstract: "Your account at the exchange.", subcommands: [ExchangeLinkCommand.self])
}

struct ExchangeLinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Makes an account at the sandbox exchange and lets execution trade with it.")

    @OptionGroup var state: StateOptions
    @Option(help: "What the account starts with, as ASSET=AMOUNT.")
    var balance = ["USDT=10000"]

    func run() async throws {
        let balances = try Self.amounts(balance)
        try await state.withPerson { person in
            let account = try await SandboxAccount(folder: state.folder, client: person.gateway.client).open(balances)
            try await person.linkExchange { try await account.register($0, label: "execution") }
            print("linked sandbox account \(account.id)")
        }
    }

    static func amounts(_ texts: [String]) throws -> [String: String] {
        try texts.reduce(into: [:]) { amounts, text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("'\(text)' is not ASSET=AMOUNT") }
            amounts[parts[0]] = parts[1]
        }
    }
}
