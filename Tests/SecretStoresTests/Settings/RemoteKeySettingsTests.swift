import Foundation
import Secrets
import Testing

@testable import SecretStores

@Suite("Settings of keys elsewhere")
struct RemoteKeySettingsTests {
    private func decode(_ text: String) throws -> RemoteKeySettings {
        try JSONDecoder().decode(RemoteKeySettings.self, from: Data(text.utf8))
    }

    private static let login = #""login": {"appRole": {"role": "execution", "roleID": "abc", "secretIDFile": "/run/role/secret-id"}}"#
    private static let transit = #"{"environment": "production", "transit": {"address": "https://vault.internal:8200", "rootsPath": "/etc/vault.pem", \#(login)}}"#
    private static let device = #"""
        {"environment": "production", "pkcs11": {"module": "/opt/hsm/module.so", "token": "t", "pinFile": "/run/pin/pin", "readable": ["/etc/hsm"],
         "writable": ["/var/lib/hsm"]}}
        """#

    @Test("What they reach, read and write is known before anything is asked; opened, they say which sort they are")
    func reach() throws {
        let transit = try decode(Self.transit)
        #expect(transit.addresses == [.init(host: "vault.internal", port: 8200)] && transit.writable.isEmpty)
        #expect(Set(transit.readable) == ["/etc/vault.pem", "/run/role"])
        let device = try decode(Self.device)
        #expect(device.addresses.isEmpty && device.writable == ["/var/lib/hsm"] && Set(device.readable) == ["/opt/hsm", "/run/pin", "/etc/hsm"])
        #expect(try device.open(in: "production").kind == "pkcs11")
    }

    @Test("Another environment's are refused, by what they say and by namespace, mount and token, and both are named")
    func environments() throws {
        for (text, host, found) in [
            (Self.transit, "staging", "production"), (Self.device, "development", "production"),
            (Self.transit.replacingOccurrences(of: #""address""#, with: #""namespace": "a/staging", "address""#), "production", "staging"),
            (Self.transit.replacingOccurrences(of: #""address""#, with: #""mount": "development/transit", "address""#), "production", "development"),
            (Self.device.replacingOccurrences(of: #""t""#, with: #""staging""#), "production", "staging"),
        ] {
            let settings = try decode(text)
            let error = try #require(throws: SecretStoreError.self) { _ = try settings.open(in: host) }
            #expect(error.cause == .otherEnvironment(found: found, expected: host))
        }
    }

    @Test("Neither place, or both, and no environment are refused")
    func incomplete() throws {
        var both = try decode(Self.transit)
        both.pkcs11 = try decode(Self.device).pkcs11
        var neither = try decode(Self.device)
        neither.pkcs11 = nil
        for settings in [both, neither] { #expect(throws: SecretStoreError.self) { try settings.open(in: "production") } }
        #expect(throws: DecodingError.self) { try decode(Self.device.replacingOccurrences(of: "environment", with: "surroundings")) }
    }
}
