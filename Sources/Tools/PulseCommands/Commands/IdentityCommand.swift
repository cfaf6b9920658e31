import ArgumentParser
import MeshCall
import MeshTool
import ServiceAPI

struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "Mesh certificates: who is revoked, and which key signs.",
        subcommands: [
            RevokeIdentityCommand.self, ReinstateIdentityCommand.self, RevokedIdentitiesCommand.self, IssuingKeysCommand.self,
            RotateIssuingKeyCommand.self, EndIssuingKeyCommand.self,
        ])
}

/// Why; goes to the audit log.
struct ReasonOption: ParsableArguments {
    @Option(help: "Why; goes to the audit log.")
    var reason: String
}

struct RevokeIdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes one certificate, or every certificate of a name; connections close at once.")

    @OptionGroup var state: StateOptions
    @Argument(help: "A serial number in hexadecimal, or a SPIFFE id.")
    var subject: String
    @OptionGroup var why: ReasonOption

    func run() async throws {
        let isName = subject.hasPrefix("spiffe:")
        let list = try await OperatorMesh(state.folder).withIdentity { identity in
            try await identity.revoke(.init(serial: isName ? "" : subject, spiffeId: isName ? subject : "", reason: why.reason))
        }
        print(RevocationText.summary(list))
    }
}

struct ReinstateIdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reinstate", abstract: "Lets a revoked name have certificates again.")

    @OptionGroup var state: StateOptions
    @Argument(help: "A SPIFFE id.")
    var subject: String
    @OptionGroup var why: ReasonOption

    func run() async throws {
        let list = try await OperatorMesh(state.folder).withIdentity { identity in
            try await identity.reinstate(.init(spiffeId: subject, reason: why.reason))
        }
        print(RevocationText.summary(list))
    }
}

struct RevokedIdentitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoked", abstract: "Shows what is revoked.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        try await OperatorMesh(state.folder).withIdentity { identity in
            for try await list in try await identity.watchRevocations(.init()) {
                print(RevocationText.all(list))
                break
            }
        }
    }
}

enum RevocationText {
    static func summary(_ list: AuthV1.Revocations) -> String {
        "revoked: \(list.serials.count) serial numbers, \(list.identities.count) names (list \(list.version))"
    }

    static func all(_ list: AuthV1.Revocations) -> String {
        ([summary(list)] + list.identities.sorted().map(TerminalText.line) + list.serials.map(hex).sorted()).joined(separator: "\n")
    }

    static func hex(_ serial: [UInt8]) -> String {
        serial.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
