import Foundation
import SecretStores
import Testing

@testable import ServiceKit

@Suite("Settings")
struct SettingsTests {
    private let folder = TemporaryFolder()

    @Test("What is written is read back, with the service's own options")
    func roundTrip() throws {
        struct Options: Decodable, Equatable {
            struct Exchange: Decodable, Equatable { var baseURL: String }
            var exchange: Exchange
            var limit: Int
        }
        var settings = ServiceSettings.sample(folder.path)
        settings.options = ["exchange": ["baseURL": "https://127.0.0.1:1"], "limit": 7, "unknown": true]
        try settings.write(to: folder.path + "/settings.json")
        let read = try ServiceSettings.read(from: folder.path + "/settings.json", expecting: "agent")
        #expect(read == settings)
        #expect(try read.options(as: Options.self) == Options(exchange: .init(baseURL: "https://127.0.0.1:1"), limit: 7))
    }

    @Test("Without a store named, secrets are files as before; a driver that is none is refused")
    func secretStores() throws {
        let old = #"{"environment":"development","service":"agent","stateDirectory":"/x","listen":{"host":"h","port":1},"health":{"host":"h","port":2}"#
        let path = folder.path + "/settings.json"
        try Data((old + "}").utf8).write(to: URL(filePath: path))
        #expect(try ServiceSettings.read(from: path, expecting: "agent").secrets == SecretStoreSettings(driver: .files))
        try Data((old + #","secrets":{"driver":"nothing"}}"#).utf8).write(to: URL(filePath: path))
        #expect(throws: StartUpError.self) { try ServiceSettings.read(from: path, expecting: "agent") }
    }

    @Test("The file is its owner's alone")
    func mode() throws {
        try ServiceSettings.sample(folder.path).write(to: folder.path + "/settings.json")
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/settings.json")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("A missing field is named")
    func missingField() throws {
        try Data(#"{"environment":"development","service":"agent","stateDirectory":"/x","listen":{"host":"h"}}"#.utf8)
            .write(to: URL(fileURLWithPath: folder.path + "/settings.json"))
        #expect(throws: StartUpError.settings("\(folder.path)/settings.json: listen.port is missing")) {
            try ServiceSettings.read(from: folder.path + "/settings.json", expecting: "agent")
        }
    }

    @Test("A missing field of the options is named")
    func missingOption() throws {
        struct Options: Decodable { var policy: String }
        #expect(throws: StartUpError.settings("options: policy is missing")) {
            try ServiceSettings.sample(folder.path).options(as: Options.self)
        }
    }

    @Test("Another program's settings are refused, naming both")
    func otherService() {
        #expect(throws: StartUpError.settings("these settings are for 'agent', and this program is 'execution'")) {
            try ServiceSettings.sample(folder.path).check(expecting: "execution")
        }
    }

    @Test("Confinement can be switched off in development only", arguments: ["staging", "production"])
    func confinementOff(environment: String) throws {
        var settings = ServiceSettings.sample(folder.path)
        settings.confinement = .off
        try settings.check(expecting: "agent")
        settings.environment = environment
        #expect(throws: StartUpError.self) { try settings.check(expecting: "agent") }
    }

    @Test("Unknown environments, relative folders and impossible ports are refused")
    func nonsense() {
        for change: (inout ServiceSettings) -> Void in [
            { $0.environment = "test" }, { $0.stateDirectory = "state" }, { $0.peers["auth"] = Endpoint(host: "h", port: 70000) },
        ] {
            var settings = ServiceSettings.sample(folder.path)
            change(&settings)
            #expect(throws: StartUpError.self) { try settings.check(expecting: "agent") }
        }
    }

    @Test("A hundredth of the traces is recorded unless the settings say another share; what is none is refused")
    func sampling() throws {
        let start = #"{"environment":"development","service":"agent","stateDirectory":"/x","listen":{"host":"h","port":1},"health":{"host":"h","port":2}"#
        let path = folder.path + "/settings.json"
        for (text, ratio) in [("", 0.01), (#","tracing":{}"#, 0.01), (#","tracing":{"samplingRatio":1}"#, 1)] {
            try Data((start + text + "}").utf8).write(to: URL(filePath: path))
            #expect(try ServiceSettings.read(from: path, expecting: "agent").tracing.samplingRatio == ratio)
        }
        for wrong in ["-0.1", "1.5"] {
            try Data((start + #","tracing":{"samplingRatio":\#(wrong)}}"#).utf8).write(to: URL(filePath: path))
            #expect(throws: StartUpError.settings("tracing.samplingRatio \(wrong) is not between 0 and 1")) {
                try ServiceSettings.read(from: path, expecting: "agent")
            }
        }
    }
}
