import ArgumentParser
import Deployment
import Foundation
import Identity
import Logging
import ServiceAPI

struct IssuingKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "keys", abstract: "Shows the keys that sign mesh certificates.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        let keys = try await OperatorMesh(state.folder).withIdentity { try await $0.listIssuingKeys(.init()).keys }
        for key in keys { print(IssuingKeyText.line(key)) }
    }
}

struct RotateIssuingKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Has auth make a new issuing key, certifies it with the offline root, and has auth sign with it.",
        discussion: "The key that signed until now retires: what it has signed stays good, and auth ends it by itself a day later.")

    @OptionGroup var state: StateOptions
    @OptionGroup var why: ReasonOption

    func run() async throws {
        print(IssuingKeyText.line(try await IssuingKeyRotation(state.folder).run(reason: why.reason)))
    }
}

/// Puts a new issuing key in the place of auth's, where the offline root lies.
struct IssuingKeyRotation {
    let folder: StateFolder

    init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// - Returns: the key that signs now.
    func run(reason: String) async throws -> AuthV1.IssuingKey {
        let environment = try DeploymentAccess(folder).options().environment
        // Read first: without the root nothing is to be begun.
        let root = try OfflineRoot(folder).read()
        return try await OperatorMesh(folder).withIdentity { identity in
            let prepared = try await identity.prepareIssuingKey(.init(reason: reason))
            let request = try CertificateRequest(der: prepared.certificateRequest)
            let certificate = try root.certifyIssuer(request, environment: environment)
            return try await identity.activateIssuingKey(.init(id: prepared.id, certificate: certificate, reason: reason))
        }
    }
}

struct EndIssuingKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end", abstract: "Revokes a retiring issuing key, and with it every certificate that it signed.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The key's number.")
    var id: UInt32
    @Flag(help: "Although certificates that it signed may be in use: their owners must enrol anew.")
    var early = false
    @OptionGroup var why: ReasonOption

    func run() async throws {
        print(IssuingKeyText.line(try await IssuingKeyEnd(state.folder).run(id, early: early, reason: why.reason)))
    }
}

/// Ends a retiring issuing key.
struct IssuingKeyEnd {
    let folder: StateFolder

    init(_ folder: StateFolder) {
        self.folder = folder
    }

    /// - Parameter early: although certificates that it signed may be in use.
    func run(_ id: UInt32, early: Bool, reason: String) async throws -> AuthV1.IssuingKey {
        if early {
            // This connection must outlive the key; and whoever has a certificate by it needs a token for the next.
            try await OperatorIdentity.renew(folder, logger: Logger(label: "pulse") { _ in SwiftLogNoOpLogHandler() })
            try JoinTokenMint.giveToAll(folder)
        }
        return try await OperatorMesh(folder).withIdentity { identity in
            try await identity.endIssuingKey(.init(id: id, early: early, reason: reason))
        }
    }
}

enum IssuingKeyText {
    static func line(_ key: AuthV1.IssuingKey) -> String {
        let serial = key.serial.isEmpty ? "-" : RevocationText.hex(key.serial)
        return "\(key.id)".padding(to: 4) + key.state.padding(to: 10) + serial.padding(to: 42) + date(key.activatedAt == 0 ? key.createdAt : key.activatedAt)
    }

    private static func date(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
