public import ArgumentParser
public import Deployment
import Foundation
import Secrets
import ServiceKit

extension ServiceName: ExpressibleByArgument {}

struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Shows and puts secrets of this deployment's services.",
        discussion: """
            For what is shared with somebody outside: the key that the receiver of alerts needs, the key that a provider gave. A running service takes up
            what is put within seconds. Every value that is shown or put is in the audit log, with the reason given.
            """,
        subcommands: [ShowSecretCommand.self, PutSecretCommand.self])
}

/// `SERVICE NAME`.
struct SecretAddress: ParsableArguments {
    @Argument(help: "The service whose secret it is.")
    var service: ServiceName
    @Argument(help: "The secret's name: alert-webhook-key, llm-api-key.")
    var name: String
}

struct ShowSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Prints a secret's versions, and with --value its value in hexadecimal.")

    @OptionGroup var state: StateOptions
    @OptionGroup var secret: SecretAddress
    @Flag(help: "Print the current value, in hexadecimal, and nothing else.")
    var value = false
    @Option(help: "Why the value is shown, for the audit log: with --value.")
    var reason: String?

    func validate() throws {
        if value { try SecretNote.check(reason ?? "") }
    }

    func run() async throws {
        let store = try DeploymentSecrets(state.folder).store(of: secret.service)
        guard value else {
            for version in try await store.versions(of: secret.name) { print(SecretVersionText.line(version)) }
            return
        }
        let found = try await store.value(of: secret.name, at: .current)
        // First the note: what cannot be told of is not shown.
        try SecretNote(state: state.folder, secret, reason: reason ?? "").leave("secrets.shown", store.kind, version: found.version.id)
        let bytes = found.bytes
        print(bytes.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() })
    }
}

struct PutSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Makes what stands on standard input the secret's current value.",
        discussion: "The value before becomes the previous one. A line's end after a text is not part of it.")

    @OptionGroup var state: StateOptions
    @OptionGroup var secret: SecretAddress
    @Option(help: "Why, for the audit log.")
    var reason: String

    func validate() throws { try SecretNote.check(reason) }

    func run() async throws {
        let value = try SecretInput.read()
        let store = try DeploymentSecrets(state.folder).store(of: secret.service)
        let note = SecretNote(state: state.folder, secret, reason: reason)
        do {
            let version = try await store.put(value, as: secret.name, at: .current)
            try note.leave("secrets.put", store.kind, version: version.id)
            print(SecretVersionText.line(version))
        } catch let error as SecretStoreError {
            try note.leave("secrets.put", store.kind, hasFailed: true)
            throw error
        }
    }
}

/// Tells the audit log what the operator does with a secret: by the service whose it is, or by auth where that one tells it nothing.
struct SecretNote {
    /// Bytes of a reason.
    private static let longest = 200

    let state: StateFolder
    let service: ServiceName
    let object: String
    let reason: String

    init(state: StateFolder, service: ServiceName, object: String, reason: String) {
        self.state = state
        self.service = KeyFleet.processes.contains(service) ? service : .auth
        self.object = object
        self.reason = reason
    }

    init(state: StateFolder, _ secret: SecretAddress, reason: String) {
        let isTold = KeyFleet.processes.contains(secret.service)
        self.init(state: state, service: secret.service, object: isTold ? secret.name : "\(secret.service.rawValue)/\(secret.name)", reason: reason)
    }

    static func check(_ reason: String) throws {
        guard !reason.isEmpty, reason.utf8.count <= longest else {
            throw ValidationError("say why for the audit log, in at most \(longest) bytes: --reason TEXT")
        }
    }

    func leave(_ action: String, _ store: String?, version: String? = nil, hasFailed: Bool = false) throws {
        var details: [String: String] = [:]
        details["store"] = store
        details["version"] = version
        try OperatorNotes(dataFolder: state.data(service)).leave(
            .init(
                action: action, object: object, reason: reason, hasFailed: hasFailed, details: details, time: Int64(Date().timeIntervalSince1970)))
    }
}

/// A secret from standard input: an argument could be seen by everybody on the machine.
enum SecretInput {
    /// Bytes of the longest value that a store takes.
    private static let limit = 65536

    static func read() throws -> SecretBytes {
        guard isatty(STDIN_FILENO) == 0 else { throw CommandError("give the value on standard input: … < file") }
        let data = try FileHandle.standardInput.read(upToCount: limit + 1) ?? Data()
        guard (1...limit).contains(data.count) else { throw CommandError("a secret has 1 to \(limit) bytes") }
        var bytes = Array(data)
        let value = SecretBytes(taking: &bytes)
        // Bytes that are no text may end in what looks like a line's end.
        let isText = data.allSatisfy { (0x20...0x7e).contains($0) || [0x0a, 0x0d].contains($0) }
        return isText ? SecretText.line(value) : value
    }
}

enum SecretVersionText {
    static func line(_ version: SecretVersion) -> String {
        let stages = version.isRevoked ? "revoked" : version.stages.map(\.rawValue).sorted().joined(separator: ",")
        return version.id.padding(to: 20) + (stages.isEmpty ? "-" : stages).padding(to: 20) + (version.created?.formatted(.iso8601) ?? "-")
    }
}
