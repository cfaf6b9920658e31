package import Deployment
package import MeshCall
import MeshTool

/// Which process a command talks to.
package enum MeshTarget {
    /// - Parameter wanted: what the caller asked for; needed where several processes serve the method.
    /// - Throws: `MeshCommandError.usage` that names the processes.
    package static func process(for method: MethodDescriptor, wanted: String?) throws -> ServiceName {
        let serving = try processes(serving: method.service)
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
    ///
    /// - Throws: `MeshCommandError.usage`, also for a service that no mesh port serves: there is nobody to ask then, and asking nobody is no success.
    package static func processes(named name: String?) throws -> [ServiceName] {
        let all = MeshDirectory.processes(serving: "mesh.v1.Health")
        guard let name else { return all }
        if let process = all.first(where: { $0.rawValue == name }) { return [process] }
        if let service = try? MeshDirectory().service(name) { return try processes(serving: service.name) }
        throw MeshCommandError.usage("no process or service is called \(name); there is \(all.map(\.rawValue).joined(separator: ", "))")
    }

    /// What a health check of ``processes(named:)`` asks about: the proto service that `name` stands for, and else the process, with an empty name.
    package static func healthQuestion(named name: String?) -> String {
        guard let name, ServiceName(rawValue: name) == nil else { return "" }
        return (try? MeshDirectory().healthQuestion(of: name)) ?? ""
    }

    private static func processes(serving service: String) throws -> [ServiceName] {
        let serving = MeshDirectory.processes(serving: service)
        guard !serving.isEmpty else {
            throw MeshCommandError.usage("\(service) is on no mesh port: it is for programs that have no certificate")
        }
        return serving
    }
}
