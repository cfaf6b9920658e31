public import ArgumentParser
public import Deployment
import Foundation
import Secrets

extension ServiceName: ExpressibleByArgument {}

struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Shows and puts secrets of this deployment's services.",
        discussion: """
            For what is shared with somebody outside: the key that the receiver of alerts needs, the key that a provider gave. A running service takes up
            what is put within seconds. Secrets in another store (vault, aws) are handled with that store's own tools.
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

    func run() async throws {
        let store = try DeploymentSecrets(state.folder).store(of: secret.service)
        guard value else {
            for version in try await store.versions(of: secret.name) { print(SecretVersionText.line(version)) }
            return
        }
        let bytes = try await store.secret(named: secret.name)
        print(bytes.withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() })
    }
}

struct PutSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Makes what stands on standard input the secret's current value.",
        discussion: "The value before becomes the previous one. A line's end after a text is not part of it.")

    @OptionGroup var state: StateOptions
    @OptionGroup var secret: SecretAddress

    func run() async throws {
        let value = try SecretInput.read()
        let store = try DeploymentSecrets(state.folder).store(of: secret.service)
        print(SecretVersionText.line(try await store.put(value, as: secret.name, at: .current)))
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
