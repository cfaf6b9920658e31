import ArgumentParser
import Deployment
import ServiceAPI

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "The life of every key: what there is, what is due, rotation and revocation.",
        subcommands: [ListKeysCommand.self, ShowKeyCommand.self, DueKeysCommand.self, RotateKeyCommand.self, RevokeKeyCommand.self])
}

extension KeyName: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

extension KeyFleet {
    /// - Throws: `ValidationError` for no process that holds keys.
    static func process(named name: String) throws -> ServiceName {
        guard let process = ServiceName(rawValue: name), processes.contains(process) else {
            throw ValidationError("\(name) is none of \(processes.map(\.rawValue).joined(separator: ", "))")
        }
        return process
    }
}

struct ListKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows the keys of every process.")

    @OptionGroup var state: StateOptions
    @Option(help: "Only this process.", transform: KeyFleet.process)
    var process: ServiceName?
    @Option(
        help: """
            Only this kind: token-signing, data-encryption, mesh-issuing, log-signing, exchange-market, exchange-read, exchange-trade, webhook, language-model.
            """)
    var kind = ""
    @Flag(help: "Those that are gone too.")
    var all = false

    func run() async throws {
        let answers = try await KeyFleet(state.folder).list(process: process, kind: kind, gone: all)
        print(KeyText.header)
        for answer in answers {
            for key in answer.keys { print(KeyText.line(key, of: answer.process)) }
        }
        try answers.report()
    }
}

struct ShowKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows all that may be known of a key.")

    @OptionGroup var state: StateOptions
    @Argument(help: "PROCESS/KIND/ID, as list shows it; without /ID all of that kind.")
    var key: KeyName

    func run() async throws {
        let answers = try await KeyFleet(state.folder).list(process: key.process, kind: key.kind, gone: true)
        try answers.report()
        let found = answers.flatMap(\.keys).filter { key.id.isEmpty || $0.id == key.id }
        guard !found.isEmpty else { throw CommandError("there is no such key; see pulse keys list --all") }
        print(found.map { KeyText.all($0, of: key.process) }.joined(separator: "\n\n"))
    }
}

struct DueKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "due", abstract: "Shows the keys that are to be rotated soon or should have been.",
        discussion: "Exits with 1 when one is overdue, for whoever asks by a timer.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        let answers = try await KeyFleet(state.folder).list()
        let due = answers.flatMap { answer in answer.keys.filter { !["", "fresh"].contains($0.age) }.map { (answer.process, $0) } }
        if due.isEmpty { print("no key is due") } else { print(KeyText.header) }
        for (process, key) in due { print(KeyText.line(key, of: process)) }
        try answers.report()
        if due.contains(where: { ["overdue", "refused"].contains($0.1.age) }) { throw ExitCode(1) }
    }
}

extension [KeyFleet.Answer] {
    /// What could not be had is no reason to keep the rest back, and none to call it all.
    fileprivate func report() throws {
        let failures = compactMap { answer in answer.failure.map { "\(answer.process.rawValue): \($0)" } }
        guard failures.isEmpty else { throw CommandError(failures.joined(separator: "\n")) }
    }
}
