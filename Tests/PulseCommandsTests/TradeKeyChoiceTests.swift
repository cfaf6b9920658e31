import ArgumentParser
import Deployment
import Foundation
import Testing

@testable import PulseCommands

@Suite("Choosing where trade keys are")
struct TradeKeyChoiceTests {
    private func choose(_ text: String, over present: DeploymentOptions = DeploymentOptions()) throws -> DeploymentOptions {
        let path = NSTemporaryDirectory() + "trade-keys-\(UUID().uuidString).json"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try DeploymentChoices.parse(["--trade-keys", path]).apply(to: present)
    }

    private func device(of environment: String) -> String {
        #"{"environment": "\#(environment)", "pkcs11": {"module": "/opt/hsm/m.so", "token": "t", "pinFile": "/run/pin"}}"#
    }

    @Test("The file's place is taken, and kept until another is given")
    func taken() throws {
        let chosen = try choose(device(of: "development"))
        #expect(chosen.tradeKeys != nil && chosen.environment == "development")
        #expect(try DeploymentChoices.parse([]).apply(to: chosen).tradeKeys == chosen.tradeKeys)
    }

    @Test("Another environment's, no place and no JSON are refused")
    func refused() {
        for text in [device(of: "production"), #"{"environment": "development"}"#, "{", ""] {
            #expect(throws: DeploymentError.self) { try choose(text) }
        }
        #expect(throws: DeploymentError.self) { try DeploymentChoices.parse(["--trade-keys", "/nowhere"]).apply(to: nil) }
    }
}
