import Deployment
import Foundation
import Identity
import Logging
import ServiceAPI

/// Puts new mesh certificates in the place of those that somebody could have copied with their keys: the present ones are revoked, and their
/// owners, who go on running, enrol anew.
struct CertificateReplacement {
    let folder: StateFolder

    /// - Parameter process: nil means every process that has its certificate from auth, and the operator.
    func run(_ process: ServiceName?, reason: String) async throws {
        if process == nil { try await replaceOperators(reason: reason) }
        for name in process.map({ [$0] }) ?? ServiceName.allCases where name.enrols {
            let serial = try serial(in: folder.tls(name))
            // First: from the revocation on it has nothing else to come in by.
            try JoinTokenMint.give(to: name, in: folder)
            try await revoke(serial, reason: reason)
            print("\(name.rawValue)/mesh certificate \(serial) is revoked; it enrols anew")
        }
    }

    private func replaceOperators(reason: String) async throws {
        let serial = try serial(in: folder.operatorTLS)
        try await OperatorIdentity.renew(folder, logger: Logger(label: "pulse") { _ in SwiftLogNoOpLogHandler() })
        try await revoke(serial, reason: reason)
        print("operator/mesh certificate \(serial) is revoked; another took its place")
    }

    private func revoke(_ serial: String, reason: String) async throws {
        _ = try await OperatorMesh(folder).withIdentity { try await $0.revoke(.init(serial: serial, reason: reason)) }
    }

    private func serial(in folder: String) throws -> String {
        try CertificateFacts(pem: String(contentsOfFile: folder + "/cert.pem", encoding: .utf8)).serial
    }
}
