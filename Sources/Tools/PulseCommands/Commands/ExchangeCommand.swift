import ArgumentParser
import Deployment
import MeshTool

struct ExchangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exchange", abstract: "Your account at the exchange.", subcommands: [ExchangeLinkCommand.self, ExchangeUnlinkCommand.self])
}

struct ExchangeLinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Makes an account at the sandbox exchange; execution gets a key that trades with it, market-data one that only reads it.")

    @OptionGroup var state: StateOptions
    @Option(help: "What the account starts with, as ASSET=AMOUNT.")
    var balance = ["USDT=10000"]
    @Option(help: "Links this key alone: trade or read.")
    var only: Person.ExchangeKeyPurpose?

    func run() async throws {
        let balances = try Self.amounts(balance)
        try await state.withPerson { person in
            let account = try await SandboxAccount(folder: state.folder, client: person.gateway.client).open(balances)
            for purpose in only.map({ [$0] }) ?? Person.ExchangeKeyPurpose.allCases {
                let unchecked = try await person.linkExchange(to: purpose) {
                    try await account.register($0, label: purpose.rawValue, permissions: purpose == .trade ? ["read", "trade"] : ["read"])
                }
                print("linked sandbox account \(account.id) to \(purpose.rawValue)")
                for what in unchecked { print("  the exchange does not say \(TerminalText.line(what))") }
            }
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

struct ExchangeUnlinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlink", abstract: "Revokes your keys here at once, and cancels what they placed.",
        discussion: "Delete them at the exchange too: only there do they end for everybody.")

    @OptionGroup var state: StateOptions
    @Option(help: "Revokes these keys alone: trade or read.")
    var only: Person.ExchangeKeyPurpose?
    @Option(help: "Why, for the audit log.")
    var reason = ""

    func run() async throws {
        try await state.withPerson { person in
            for purpose in only.map({ [$0] }) ?? Person.ExchangeKeyPurpose.allCases {
                let answer = try await person.unlinkExchange(purpose, reason: reason)
                for id in answer.keyIds { print("revoked \(purpose.rawValue) key \(id)") }
                for note in answer.notes { print("  \(TerminalText.line(note))") }
                if answer.keyIds.isEmpty { print("no \(purpose.rawValue) key was linked") }
            }
        }
    }
}

extension Person.ExchangeKeyPurpose: ExpressibleByArgument {}
