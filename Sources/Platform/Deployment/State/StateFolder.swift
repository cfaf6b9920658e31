/// Where a deployment keeps everything: one folder, its owner's alone.
public struct StateFolder: Sendable, Equatable {
    /// Absolute.
    public let path: String

    /// - Parameter path: absolute, or relative to the current folder.
    public init(_ path: String) {
        self.path = PrivateFiles.absolute(path)
    }

    public static let defaultPath = ".cryptopulse"

    public var deploymentFile: String { path + "/deployment.json" }
    public var portsFile: String { path + "/ports.json" }
    /// The root certificate, for people's curl.
    public var rootCertificate: String { path + "/root.pem" }
    /// The root's key. No process that serves anything reads it: it belongs on another machine, and signs issuing keys alone.
    public var offline: String { path + "/offline" }
    public var rootKey: String { offline + "/root.key.pem" }
    /// What the deployment itself keeps: the key that signs people's HTTPS certificates on this machine.
    public var pki: String { path + "/pki" }
    /// Key and certificate in one.
    public var httpsIssuer: String { pki + "/https-issuer.pem" }
    public var operatorTLS: String { path + "/operator/tls" }
    public var operatorEnrol: String { path + "/operator/enrol" }
    /// What the person's own commands keep.
    public var person: String { path + "/person" }
    public var supervisorPID: String { path + "/supervisor.pid" }
    public var supervisorLog: String { path + "/supervisor.log" }
    public var supervisorStatus: String { path + "/supervisor.json" }
    public var lock: String { path + "/lock" }

    public func service(_ name: ServiceName) -> String { "\(path)/\(name.rawValue)" }
    public func tls(_ name: ServiceName) -> String { service(name) + "/tls" }
    public func enrol(_ name: ServiceName) -> String { service(name) + "/enrol" }
    public func secrets(_ name: ServiceName) -> String { service(name) + "/secrets" }
    public func settings(_ name: ServiceName) -> String { service(name) + "/settings.json" }
    public func data(_ name: ServiceName) -> String { service(name) + "/data" }
    public func run(_ name: ServiceName) -> String { service(name) + "/run" }
    public func log(_ name: ServiceName) -> String { "\(service(name))/log/\(name.rawValue).log" }
    /// Which processes run. Whoever writes here decides whom `pulse down` kills: no service may, so it is in no service's folder.
    public var pids: String { path + "/pids" }
    public func pid(_ name: ServiceName) -> String { "\(pids)/\(name.rawValue)" }

    /// Where wrapping keys lie unless the options say otherwise: beside the folder, so that a copy of the one is not a copy of the other.
    public var usualWrappingKeys: String { path + ".keys" }

    /// Whether `pulse init` has been here.
    public var isInitialised: Bool { PrivateFiles.exists(deploymentFile) }
}
