import Deployment
import Foundation
import Identity
import Logging
import ServiceAPI

/// Puts new mesh certificates in the place of those that somebody could have copied with their keys: those present when this was made are revoked,
/// and their owners, who go on running, get others.
struct CertificateReplacement {
    private let folder: StateFolder
    private let process: ServiceName?
    private let serials: [ServiceName: String]

    /// - Parameter process: nil means every process that has its certificate from auth, auth itself, and the operator.
    init(_ folder: StateFolder, of process: ServiceName?) throws {
        self.folder = folder
        self.process = process
        let owners = (process.map { [$0] } ?? ServiceName.allCases).filter { $0.enrols || $0 == .auth }
        serials = try Dictionary(uniqueKeysWithValues: owners.map { ($0, try Self.serial(in: folder.tls($0))) })
    }

    func run(reason: String) async throws {
        if process == nil { try await replaceOperators(reason: reason) }
        // auth last: whoever enrols anew needs it.
        for (name, serial) in serials.sorted(by: { ($0.key == .auth ? 1 : 0, $0.key.rawValue) < ($1.key == .auth ? 1 : 0, $1.key.rawValue) }) {
            // First: from the revocation on it has nothing else to come in by.
            if name.enrols { try JoinTokenMint.give(to: name, in: folder) }
            try await revoke(serial, reason: reason)
            print("\(name.rawValue)/mesh certificate \(serial) is revoked; \(name.enrols ? "it enrols anew" : "another took its place")")
        }
    }

    private func replaceOperators(reason: String) async throws {
        let serial = try Self.serial(in: folder.operatorTLS)
        try await OperatorIdentity.renew(folder, logger: Logger(label: "pulse") { _ in SwiftLogNoOpLogHandler() })
        try await revoke(serial, reason: reason)
        print("operator/mesh certificate \(serial) is revoked; another took its place")
    }

    private func revoke(_ serial: String, reason: String) async throws {
        _ = try await OperatorMesh(folder).withIdentity { try await $0.revoke(.init(serial: serial, reason: reason)) }
    }

    private static func serial(in folder: String) throws -> String {
        try CertificateFacts(pem: String(contentsOfFile: folder + "/cert.pem", encoding: .utf8)).serial
    }
}
