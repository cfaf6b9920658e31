package import Deployment
import MeshCall
package import MeshTool
import ServiceAPI

/// Every service that this build knows, and which processes serve it.
extension MeshDirectory {
    package init() {
        self.init(ServiceAPI.allServices)
    }

    /// The processes of a deployment that serve a service: `cryptopulse.market_data.v1.MarketData` is served by market-data, and the
    /// mesh's own services by every process with a mesh port.
    package static func processes(serving service: String) -> [ServiceName] {
        let parts = service.split(separator: ".")
        let onMesh = ServiceName.allCases.filter { $0.isMeshMember && !$0.servesHTTPS }
        if parts.first == "mesh" || service == "cryptopulse.keys.v1.Keys" { return onMesh }
        // For those without a certificate, on a port of its own; an operator has one.
        if service == enrolment { return [] }
        guard parts.count > 2 else { return [] }
        let name = parts[1].replacing("_", with: "-")
        return onMesh.filter { $0.rawValue == name }
    }

    private static let enrolment = "cryptopulse.auth.v1.Enrolment"

    /// Who serves a service, as a person reads it; nil where nobody does.
    package static func servers(of service: String) -> String? {
        if service == enrolment { return "auth, on its enrolment port" }
        let names = processes(serving: service).map(\.rawValue)
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }
}
