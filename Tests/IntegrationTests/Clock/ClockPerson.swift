import Cryptography
import Foundation
import LocalMesh
import PulseCommands
import TestSupport

/// Somebody with a trade key, who comes back when its time has come.
struct ClockPerson {
    let email: String
    private let password = Hex.encode(SecureRandom.bytes(16))
    private let codes: TOTP

    init(on mesh: LocalMesh) async throws {
        email = "\(Hex.encode(SecureRandom.bytes(8)))@example.com"
        let secret = try await mesh.gateway.signUp(email: email, password: password).totp.secret
        guard let seed = Base32.decode(secret) else { throw NeverHappened(what: "a secret in Base32") }
        codes = TOTP(seed: seed)
        let code = codes.code(atStep: TOTP.step(at: Int64(Date().timeIntervalSince1970)))
        let session = Session(try await mesh.gateway.confirmAuthenticator(email: email, password: password, code: code), email: email)
        let person = Person(gateway: mesh.gateway, session: session)
        let account = try await SandboxAccount(folder: mesh.folder, client: mesh.https).open(["USDT": "10000"])
        try await person.linkExchange { try await account.register($0, label: "test") }
    }

    /// Servers of HTTPS read their certificates again every few seconds, in which days go by here: what fails is tried again.
    func login(_ scene: ClockScene) async throws {
        try await eventually(within: .seconds(60), "the person signs in") {
            let code = codes.code(atStep: TOTP.step(at: Int64(scene.clock.now.timeIntervalSince1970)))
            return try await scene.pulse(["login", "--email", email], saying: [password, code]).exitCode == 0
        }
    }

    /// Asks for an order and signs it, until it comes out so.
    func order(_ scene: ClockScene, until text: String) async throws {
        var said = ""
        do {
            try await eventually(within: .seconds(60), "an order comes out: \(text)") {
                said = try await order(scene).text
                return said.contains(text)
            }
        } catch {
            print(said)
            throw error
        }
    }

    private func order(_ scene: ClockScene) async throws -> ProgramRun {
        let chat = try await scene.pulse(["chat", "buy 0.01 BTC at market"])
        guard let id = chat.text.split(separator: "\n").first(where: { $0.hasPrefix("To sign it: pulse sign ") })?.split(separator: " ").last else { return chat }
        return try await scene.pulse(["sign", String(id), "--yes"])
    }
}
