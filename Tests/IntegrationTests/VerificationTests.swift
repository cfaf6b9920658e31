import Cryptography
import Deployment
import Foundation
import LocalMesh
import PulseCommands
import ServiceAPI
import TestSupport
import Testing

extension Integration {
    @Suite("Admins and verified persons, through the gateway")
    struct VerificationTests {
        private func reason(_ call: () async throws -> some Any) async throws -> String? {
            (try await #require(throws: GatewayError.self) { _ = try await call() }).body.reason
        }

        @Test("An admin verifies a person with a fresh code; the person's next token says so, and their own records tell who did it")
        func verified() async throws {
            let mesh = try await SharedMesh.mesh()
            let person = try await mesh.makePerson(balances: nil)
            var admin = try await mesh.makeAdmin()
            let before = try await mesh.gatewaySession(of: person.person)
            #expect(!before.contains("exchange:live"))
            #expect(try await reason { try await admin.person.verify(email: person.email, reason: "case 1", code: "000000") } == "INVALID_CODE")
            let code = try await admin.authenticator.nextCode()
            let answer = try await admin.person.verify(email: person.email, reason: "case 1", code: code)
            #expect(await answer.userId == person.person.userID && answer.verifiedAt > 0)
            #expect(try await reason { try await admin.person.verify(email: person.email, reason: "case 1", code: code) } == "INVALID_CODE")
            let after = try await mesh.gatewaySession(of: person.person)
            #expect(after.contains("exchange:live") && !after.contains("users:verify"))
            try await eventually("the person's own records have it") {
                let answer: AuditAnswer = try await person.person.get("/v1/audit/records")
                let verifier = try #require(NoteVerifier(answer.checkpoint.verifierKey))
                return try AuditProof.verify(answer, trusting: verifier).records.contains { $0.action == "auth.user_verified" }
            }
            // A person is no admin.
            #expect(try await reason { try await person.person.verify(email: admin.email, reason: "x", code: "000000") } == "SCOPE_REQUIRED")
        }

        @Test("`pulse users admin` makes an admin, and unmakes one")
        func command() async throws {
            let mesh = try await SharedMesh.mesh()
            let person = try await mesh.makePerson(balances: nil)
            func pulse(_ more: String...) async throws -> ProgramRun {
                try await ProgramRun.of(
                    ProgramFolder().path + "/pulse", ["users", "admin", person.email, "--reason", "case 2", "--state", mesh.folder.path] + more)
            }
            let made = try await pulse()
            #expect(made.succeeded && made.text.contains("has the role admin"), "\(made.text)")
            #expect(try await mesh.gatewaySession(of: person.person).contains("users:verify"))
            let unmade = try await pulse("--remove")
            #expect(unmade.succeeded && unmade.text.contains("has the role user"), "\(unmade.text)")
            #expect(try await mesh.gatewaySession(of: person.person).contains("users:verify") == false)
        }
    }
}

extension LocalMesh {
    /// Renews a person's session.
    ///
    /// - Returns: the scope that the new access token has, as its payload says.
    fileprivate func gatewaySession(of person: Person) async throws -> String {
        try await person.renew()
        let payload = try await person.token().split(separator: ".")[1].replacing("-", with: "+").replacing("_", with: "/")
        let padded = String(payload) + String(repeating: "=", count: (4 - payload.count % 4) % 4)
        return String(decoding: try #require(Data(base64Encoded: padded)), as: UTF8.self)
    }
}
