import Deployment
package import MeshTool

extension CallGuide {
    /// Of `pulse mesh`, which calls as operator.
    package static let `operator` = CallGuide(
        command: "pulse mesh", caller: "operator", unreachable: "`pulse status` says what runs", servers: MeshDirectory.servers(of:)
    ) { service in
        let processes = MeshDirectory.processes(serving: service)
        guard let first = processes.first else { return nil }
        return processes.count > 1 ? "--at \(first.rawValue)" : ""
    }
}
