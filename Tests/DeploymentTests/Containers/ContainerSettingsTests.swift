import Foundation
import ServiceKit
import Testing

@testable import Deployment

@Suite("Settings of the containers")
struct ContainerSettingsTests {
    @Test("Each service has them, with the peers and options that it has outside of containers", arguments: ServiceName.allCases)
    func settings(name: ServiceName) throws {
        let settings = try ServiceSettings.read(
            from: "\(ExternalTool.tree)/compose/config/\(name.rawValue).json", expecting: name.rawValue)
        let plan = SettingsPlan(options: DeploymentOptions(secrets: .files), ports: PortPlan(base: 7400), folder: StateFolder("/state")).settings(for: name)
        #expect(Set(settings.peers.keys) == Set(plan.peers.keys))
        #expect(settings.outbound.count == plan.outbound.count)
        #expect(settings.stateDirectory == "/state")
        #expect(settings.identity.mode == plan.identity.mode)
        #expect(settings.identity.enrolment?.host == (name == .sandboxExchange ? nil : name == .auth ? "0.0.0.0" : "auth"))
        for (peer, endpoint) in settings.peers { #expect(endpoint.host == peer) }
        #expect(try settings.options(as: [String: JSONValue].self).keys == plan.options(as: [String: JSONValue].self).keys)
    }
}
