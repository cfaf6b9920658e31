package import Deployment
package import MeshCall

/// Which process a command talks to.
package enum MeshTarget {
    /// - Parameter wanted: what the caller asked for; needed where several processes serve the method.
    /// - Throws: `MeshCommandError.usage` that names the processes.
    package static func process(for method: MethodDescriptor, wanted: String?) throws -> ServiceName {
        let serving = MeshDirectory.processes(serving: method.service)
        guard !serving.isEmpty else {
            throw MeshCommandError.usage("\(method.service) is on no mesh port: it is for programs that have no certificate")
        }
        let names = serving.map(\.rawValue).joined(separator: ", ")
        if let wanted {
            guard let name = ServiceName(rawValue: wanted), serving.contains(name) else {
                throw MeshCommandError.usage("\(wanted) does not serve \(method.service): \(names) does")
            }
            return name
        }
        guard serving.count == 1 else { throw MeshCommandError.usage("\(method.service) is served by \(names): choose one by --at") }
        return serving[0]
    }

    /// The processes that `name` stands for: a process, a proto service, or for nil every process with a mesh port.
    package static func processes(named name: String?) throws -> [ServiceName] {
        let all = MeshDirectory.processes(serving: "mesh.v1.Health")
        guard let name else { return all }
        if let process = all.first(where: { $0.rawValue == name }) { return [process] }
        if let service = try? MeshDirectory().service(name) { return MeshDirectory.processes(serving: service.name) }
        throw MeshCommandError.usage("no process or service is called \(name); there is \(all.map(\.rawValue).joined(separator: ", "))")
    }
}
