import SecretStores
import ServiceKit
import Testing

@testable import Deployment

@Suite("What a deployment looks like")
struct PlanTests {
    @Test("Ports follow from the base as documented")
    func ports() {
        let plan = PortPlan(base: 7400)
        let listen = ServiceName.allCases.map { plan.listen($0).port }
        #expect(listen == [7400, 7401, 7402, 7403, 7404, 7405, 7406])
        #expect(ServiceName.allCases.map { plan.health($0).port } == [7410, 7411, 7412, 7413, 7414, 7415, 7416])
        #expect(plan.enrolment == 7407)
        #expect(plan.url(.gateway) == "https://127.0.0.1:7400")
    }

    @Test("Free ports are all different")
    func freePorts() throws {
        let plan = try PortPlan.free()
        let ports = ServiceName.allCases.flatMap { [plan.listen($0).port, plan.health($0).port] } + [plan.enrolment]
        #expect(Set(ports).count == 15)
    }

    @Test("A service may reach its peers, and the exchange only from its two clients")
    func reach() {
        let plan = SettingsPlan(options: DeploymentOptions(), ports: PortPlan(base: 7400), folder: StateFolder("/state"))
        #expect(Set(plan.settings(for: .agent).peers.keys) == ["auth", "market-data", "execution", "audit"])
        #expect(plan.settings(for: .sandboxExchange).peers.isEmpty)
        for name in ServiceName.allCases {
            let settings = plan.settings(for: name)
            #expect(settings.outbound == ([.marketData, .execution].contains(name) ? [Endpoint(host: "127.0.0.1", port: 7406)] : []))
            #expect(settings.confinement == .required)
            #expect(settings.stateDirectory == "/state/\(name.rawValue)")
        }
    }

    @Test("A language model is reached, and its roots read, by the agent alone; without one the settings say nothing of it")
    func languageModel() {
        let model = DeploymentOptions.Model(baseURL: "https://api.example.com/v1", name: "m-1", rootsPath: "/roots.pem")
        let plan = SettingsPlan(options: DeploymentOptions(model: model), ports: PortPlan(base: 7400), folder: StateFolder("/state"))
        for name in ServiceName.allCases {
            let settings = plan.settings(for: name)
            #expect(settings.outbound.contains(Endpoint(host: "api.example.com", port: 443)) == (name == .agent))
            #expect(settings.readable.contains("/roots.pem") == (name == .agent))
        }
        #expect(plan.settings(for: .agent).options == ["model": ["baseURL": "https://api.example.com/v1", "name": "m-1", "rootsPath": "/roots.pem"]])
        let without = SettingsPlan(options: DeploymentOptions(), ports: PortPlan(base: 7400), folder: StateFolder("/state"))
        #expect(without.settings(for: .agent).options == [:])
    }

    @Test("The place of trade keys is reached, read and written by execution alone, and its settings have it as it was given")
    func tradeKeys() throws {
        let device = RemoteKeySettings(
            environment: "development", pkcs11: .init(module: "/opt/hsm/m.so", token: "t", pinFile: "/run/pin/pin", writable: ["/var/lib/hsm"]))
        let login = VaultSettings.Login.appRole(.init(role: "r", roleID: "i", secretIDFile: "/run/role/id"))
        let transit = RemoteKeySettings(environment: "development", transit: .init(address: "https://vault.internal:8200", login: login))
        for (place, host, file) in [(device, nil, "/opt/hsm"), (transit, "vault.internal", "/run/role")] as [(RemoteKeySettings, String?, String)] {
            let plan = SettingsPlan(options: DeploymentOptions(tradeKeys: place), ports: PortPlan(base: 7400), folder: StateFolder("/state"))
            for name in ServiceName.allCases {
                let settings = plan.settings(for: name)
                #expect(settings.readable.contains(file) == (name == .execution))
                #expect(settings.outbound.contains { $0.host == host } == (name == .execution && host != nil))
                #expect(settings.writable == (name == .execution ? place.writable : []))
            }
            struct Options: Decodable { var tradeKeys: RemoteKeySettings }
            #expect(try plan.settings(for: .execution).options(as: Options.self).tradeKeys == place)
        }
    }

    @Test("Only the sandbox exchange may read the candle file")
    func candles() {
        let options = DeploymentOptions(candles: "/data/candles.csv")
        let plan = SettingsPlan(options: options, ports: PortPlan(base: 7400), folder: StateFolder("/state"))
        for name in ServiceName.allCases {
            #expect(plan.settings(for: name).readable == (name == .sandboxExchange ? ["/data/candles.csv"] : []))
        }
    }
}
