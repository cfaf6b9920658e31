import Foundation
import Testing

@testable import Deployment
@testable import ServiceKit

@Suite("Stopping from outside")
struct ShutdownTests {
    private let temporary = TemporaryFolder()

    @Test("A confined service can name no process that `down` would kill")
    func pidsOutOfReach() {
        let folder = StateFolder("/state")
        let plan = SettingsPlan(options: DeploymentOptions(), ports: PortPlan(base: 7400), folder: folder)
        for name in ServiceName.allCases {
            let confinement = ConfinementPlan(plan.settings(for: name))
            for file in ServiceName.allCases.map(folder.pid) + [folder.supervisorPID] {
                #expect(!(confinement.writable + confinement.readable).contains { file == $0 || file.hasPrefix($0 + "/") }, "\(name): \(file)")
            }
        }
    }

    @Test("A process named in a service's own folder is left alone; the one that the supervisor named is killed")
    func onlyTheSupervisorsWord() async throws {
        let folder = StateFolder(temporary.path + "/state")
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let sleeper = Process()
        sleeper.executableURL = URL(fileURLWithPath: "/bin/sleep")
        sleeper.arguments = ["600"]
        try sleeper.run()
        defer { sleeper.terminate() }
        let mark = try #require(ProcessMark(running: sleeper.processIdentifier))
        try mark.write(to: folder.run(.agent) + "/pid")
        #expect(try await !Shutdown(folder).run())
        #expect(mark.isRunning)
        try mark.write(to: folder.pid(.agent))
        #expect(try await Shutdown(folder).run())
        #expect(!mark.isRunning)
    }
}
