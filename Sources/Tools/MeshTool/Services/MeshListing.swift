import MeshCall

/// What `list` shows.
package enum MeshListing {
    package static let abstract = "Lists the services, or one service's methods."

    /// - Parameter service: whose methods are shown; nil for all services.
    /// - Throws: `MeshCommandError`.
    package static func show(_ service: String?, in directory: MeshDirectory, _ guide: CallGuide) throws {
        if let service {
            for method in try directory.service(service).methods { try StandardOutput.line("\(method.method.service)/\(method.method.name)") }
        } else {
            for service in directory.services { try StandardOutput.line(MeshDescription.line(service, guide)) }
        }
    }
}
